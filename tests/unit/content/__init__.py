"""Drafting content: pure."""
