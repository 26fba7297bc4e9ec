"""A tenant's own models: heads over what the untrained labeller read, taught by people's corrections."""
