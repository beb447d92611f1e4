"""The command line as its users run it: output, questions and exit statuses."""
