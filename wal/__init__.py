"""Append-only log: bytes and sequence numbers.  Knows nothing of trading."""
