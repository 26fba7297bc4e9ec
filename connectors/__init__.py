"""What talks to an outside system: one folder each."""
