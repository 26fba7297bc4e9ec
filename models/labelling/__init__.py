"""Which concerns a language model is asked about, in which calls, and what is done when an answer is not taken."""
