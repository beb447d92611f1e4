"""Tests of lockctl/monitoring/."""
