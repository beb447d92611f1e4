"""Monitoring: a survey becomes figures, and figures become ok, warning or critical."""
