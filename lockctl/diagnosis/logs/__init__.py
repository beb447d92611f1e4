"""What restic and rclone print about locks: bytes become lines, lines events, events runs, runs a story."""
