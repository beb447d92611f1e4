"""Tests of lockctl/transport/."""
