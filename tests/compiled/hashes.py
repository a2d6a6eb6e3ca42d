"""Prints the mode and what the engine computes in it, for a run of the other mode to match."""

import engine
from engine.units import div_ceil, div_floor

print("compiled" if engine.COMPILED else "interpreted")
print(sum(div_ceil(n * n, 7) * div_floor(-n, 3) for n in range(100_000)))
