"""What restic prints when locks are in its way: each scene is played with real parts, and the output is kept."""
