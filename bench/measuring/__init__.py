"""What bench/speed.py is made of: commands that are measured, shares with many locks, rows and charts."""
