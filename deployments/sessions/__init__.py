"""Sessions: signing in, refreshing, revoking, and the keys that tokens are verified with."""
