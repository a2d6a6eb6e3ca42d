"""Long runs, sharded by seed, whose totals add up over runs."""
