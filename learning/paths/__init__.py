"""What to learn next, and what to see again."""
