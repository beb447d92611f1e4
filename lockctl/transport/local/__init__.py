"""The transport on a directory."""
