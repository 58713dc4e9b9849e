"""What a learner knows: knowledge tracing, mastery, and both in words."""
