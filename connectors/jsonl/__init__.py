"""Logs as files: one append-only file of JSON lines per partition, read and written by byte offset.

``layout`` names the files, ``log`` appends to the journal and reads any log, ``source`` and ``sink``
let Bytewax read the journal and write topics, ``state`` keeps a stage's bulk state.
"""
