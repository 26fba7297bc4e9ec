"""The HTTP interface: feedback in, by FastAPI."""
