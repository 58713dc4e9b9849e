"""The analytics aggregator: folds the event log into figures, every event once, whatever order they come in."""
