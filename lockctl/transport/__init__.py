"""Names and bytes: how files of a repository are listed, read and removed. Knows nothing of restic."""
