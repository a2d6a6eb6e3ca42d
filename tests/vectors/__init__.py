"""Published worked examples, recomputed by our formulas."""
