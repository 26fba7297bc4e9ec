"""Themes: concerns become themes as they arrive; what happens to themes is told in order.

``step`` is the stage, ``tenant`` the themes of one tenant, ``concerns`` what is kept of each concern,
``profiles`` what is kept of each theme, ``vocabulary`` the words that many people use, ``records`` the
messages, ``audit`` the comparison of our mirror with the vector index.
"""
