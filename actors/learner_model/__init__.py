"""What learners know, kept in step with their results."""
