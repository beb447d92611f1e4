"""What this machine remembers: the journal, what was seen, kept key files."""
