"""Snapshots: canonical rows, the store, and restoring."""
