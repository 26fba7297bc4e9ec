"""Find personal data in plain text and replace it by typed placeholders.

``structured`` (formats with checks), ``addresses`` and ``cues`` (context) need nothing but the standard library;
``phones`` and ``ner`` need the ``models`` extra. ``redactor`` puts them together, ``scoring`` measures the whole."""
