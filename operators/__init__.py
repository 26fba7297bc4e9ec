"""What each stage does with its records, engine-free, and the thin adapter to the engine."""
