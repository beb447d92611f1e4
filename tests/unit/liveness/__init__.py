"""Tests of lockctl/liveness/."""
