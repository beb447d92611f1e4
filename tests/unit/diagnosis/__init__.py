"""Tests of lockctl/diagnosis/."""
