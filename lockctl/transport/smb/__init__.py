"""The transport over SMB."""
