"""Our own sample of customer feedback with its truth, and the check that holds a run against it."""
