"""What front ends and other systems report: read, checked event by event, and put on the log."""
