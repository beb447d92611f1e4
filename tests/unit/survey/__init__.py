"""Tests of lockctl/survey/."""
