"""The event relay: ships the outbox to Kafka, where Kafka is configured."""
