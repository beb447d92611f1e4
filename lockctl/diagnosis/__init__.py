"""What is wrong with locking here, what it means and what to do: surveys, logs and snapshots become findings."""
