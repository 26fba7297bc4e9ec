"""Messages, ids and errors: what the parts of Undercurrent agree on."""
