"""Kafka: where the deployed flows read and write. Explicit partitions, strict offsets, every delivery checked."""
