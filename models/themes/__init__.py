"""Themes found as the stream flows, in exact integer arithmetic, with identities that last."""
