"""Histories of a share of which the truth is known, and rules that judge its locks. Nothing here touches a network."""
