"""What was said last in conversations with the tutor, in memory; the database stays the truth."""
