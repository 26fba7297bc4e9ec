"""Language models as settings choose them: which providers, in which order, at whose cost, counted by which metrics."""
