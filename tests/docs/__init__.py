"""Manual, README and the code say the same."""
