"""Each module of lockctl by itself: real files where it needs some, no socket and no sleep."""
