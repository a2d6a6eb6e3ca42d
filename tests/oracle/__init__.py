"""The slow oracle, written from the rules of the market, and its comparison with the engine."""
