"""The labeller: from what extract decided by itself to answers of models in the journal; no stage waits for it."""
