"""From verdicts to what is removed, and what came of it."""
