"""What subscribers read before they read us: JSON Schemas of the topics, and a page for each."""
