"""What is wrong with the locks on a share: looks, the journal and the server become findings."""
