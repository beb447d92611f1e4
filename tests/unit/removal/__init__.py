"""Tests of lockctl/removal/."""
