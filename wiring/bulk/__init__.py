"""The bulk lane: files into the topic ``bulk`` as fast as they are sealed; from there, gently, to the journal."""
