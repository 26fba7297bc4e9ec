"""What learns or infers: pure, seeded, no clock, no network; each kind in its own folder."""
