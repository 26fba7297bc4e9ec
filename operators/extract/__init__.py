"""Extract: from redacted items to concerns with decisions and vectors, by local models alone."""
