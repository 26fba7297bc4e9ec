"""Intake: from sealed raw deliveries to redacted items, one revision at a time.

The order in which an item meets the files: ``decode`` → ``revisions`` → ``facts`` → ``redaction`` → ``step``.
"""
