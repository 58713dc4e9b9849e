"""Personal data in texts: finding it, and putting tokens in its place that can be undone."""
