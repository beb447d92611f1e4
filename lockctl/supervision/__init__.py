"""Running a command, reading along, and starting it again where that is safe and was asked for."""
