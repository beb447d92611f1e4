"""Tests of lockctl/clock/."""
