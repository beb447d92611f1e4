"""What every transport promises, held against memory, a directory and a real Samba."""
