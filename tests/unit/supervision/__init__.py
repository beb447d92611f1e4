"""Tests of lockctl/supervision/."""
