"""The edge's SQL store: cursors, deliveries that were seen, the outbox, API keys, uploads. SQLite or PostgreSQL."""
