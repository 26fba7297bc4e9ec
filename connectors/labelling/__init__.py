"""What the labeller remembers between calls: what waits, what was answered, how far it has read."""
