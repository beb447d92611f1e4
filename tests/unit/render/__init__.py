"""Tests of lockctl/render/."""
