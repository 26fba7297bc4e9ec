"""How the publisher decides what subscribers see; the process that does it is ``wiring.kafka.publisher``."""
