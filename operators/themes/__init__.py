"""Themes: concerns become themes as they arrive; what happens to themes is told in order.

``step`` is the stage, ``arrivals`` how a concern comes in, ``tenant`` what happens to the themes of one tenant,
``telling`` what is told of it, ``records`` the messages. ``kept`` is the state and ``following`` how it follows the
engine's changes: ``concerns`` what is kept of each concern, ``profiles`` of each theme, ``vocabulary`` the words
that many people use. ``index_view`` is the vector index, ``audit`` its comparison with our mirror.
"""
