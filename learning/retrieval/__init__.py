"""Finding the passages that answer a question, and the sentences in them that do."""
