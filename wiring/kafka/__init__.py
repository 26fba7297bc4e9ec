"""The same flows on Kafka: one Bytewax flow per stage, a process per worker."""
