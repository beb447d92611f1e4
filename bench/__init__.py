"""Measurements: lockctl beside restic and rclone, in one run."""
