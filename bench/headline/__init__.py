"""The headline: from a signed Intercom webhook to an issue that is visible at Linear, with shipped settings."""
