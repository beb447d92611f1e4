"""Surveys: one look at a repository, and what follows from it."""
