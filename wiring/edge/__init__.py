"""The edge: everything that talks to vendors and to HTTP callers, and what it is built of."""
