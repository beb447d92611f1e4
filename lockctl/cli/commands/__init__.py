"""The commands, a file each. None imports another."""
