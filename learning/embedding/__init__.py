"""Sentences as vectors whose angle tells how near they are in meaning."""
