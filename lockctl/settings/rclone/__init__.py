"""Remotes of rclone: what their names, connection strings and configuration say. rclone itself is not run."""
