"""The tests of lockctl."""
