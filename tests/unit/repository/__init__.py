"""Tests of lockctl/repository/."""
