"""The event log as its consumers read it: in commit order, from positions that are stored with the effect."""
