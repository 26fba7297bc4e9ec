"""Find personal data in plain text and replace it by typed placeholders.

``structured`` and ``phones`` (formats with checks), ``addresses``, ``blocks`` and ``cues`` (context) need nothing but
the standard library; ``ner`` (names in running text) needs the ``models`` extra. ``redactor`` puts them together,
``canaries`` tell whether it works, ``scoring`` measures it."""
