"""What the event log and analytics bear: aggregation, ingestion, the live stream, views."""
