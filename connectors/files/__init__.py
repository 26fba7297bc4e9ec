"""Feedback and customer lists from CSV and JSONL files, gzipped or not."""
