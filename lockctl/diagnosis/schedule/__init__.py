"""When the clients work: snapshots become habits, overlaps, and a schedule that keeps them apart."""
