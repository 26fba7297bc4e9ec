"""Throughput as ratios, measured in one run beside a peer or the limit; ``python -m bench``."""
