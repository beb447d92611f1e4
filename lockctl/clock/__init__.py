"""Time, and by which clock."""
