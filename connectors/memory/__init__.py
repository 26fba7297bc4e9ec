"""Real implementations that live in memory: for tests, and for runs that keep nothing."""
