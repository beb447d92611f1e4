"""Tests of lockctl/state/."""
