"""Tests of lockctl/settings/."""
