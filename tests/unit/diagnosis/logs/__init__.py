"""Tests of lockctl/diagnosis/logs/."""
