"""Who says what a theme is called: ``base`` is the port, ``extractive`` an answer without network or weights."""
