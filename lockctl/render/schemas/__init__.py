"""The JSON Schemas of what is printed. Made from the names that the code itself uses, so that they cannot drift."""
