"""Grading of short answers against references and of essays against rubrics."""
