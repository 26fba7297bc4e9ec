"""The flows on a real Kafka: ratios to the embedded run, to Bytewax's connectors, to a plain loop; times to recover."""
