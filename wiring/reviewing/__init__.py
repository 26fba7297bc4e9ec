"""What waits for a person, what the person says of it as orders of the journal, and both as a table to send around."""
