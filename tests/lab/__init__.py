"""A laboratory: real Samba, restic and rclone on this machine, and faults on the wire between them."""
