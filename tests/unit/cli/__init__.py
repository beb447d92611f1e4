"""Tests of lockctl/cli/."""
