"""Analytics: figures of the platform, organisations, courses and learners, as they change; and what clients report."""
