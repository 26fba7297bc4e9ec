"""Dead letters: read them with what became of each, order a redrive, note who looked at what is sealed."""
