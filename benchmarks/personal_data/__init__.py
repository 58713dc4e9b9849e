"""Training and judging the tagger of personal data."""
