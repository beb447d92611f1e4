"""Tests of lockctl/diagnosis/schedule/."""
