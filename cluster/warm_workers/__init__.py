"""Python processes that a node keeps ready, so that a replica or an actor need not wait for imports."""
