"""The benchmarks run: every case, at sizes at which only the counts mean anything."""
