"""Tests of lockctl/diagnosis/share/."""
