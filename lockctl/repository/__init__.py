"""restic's envelope: key files, sealed bytes, and the lock files inside them."""
