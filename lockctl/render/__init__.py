"""Values to text: tables, JSON, CSV. Decides nothing and prints nothing."""
