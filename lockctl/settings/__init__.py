"""What the user told us, as plain values. Nothing is opened."""
