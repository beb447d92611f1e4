"""The fast lane: frames of our own on a session that smbprotocol has opened. It takes over where nothing is awaited."""
