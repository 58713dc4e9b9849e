"""The index of passages: kept in step with what is published, and searched."""
