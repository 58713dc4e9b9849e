"""Kafka as the event log's carrier: shipping the outbox there, and reading it from there."""
