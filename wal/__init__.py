"""Append-only log: bytes and sequence numbers.  Knows nothing of trading.

`directory` makes and locks a data directory, `recovery.recover` finds out what a log holds,
`reader.LogReader` replays it, `writer.open_writer` goes on with it; `FORMAT.md` is the format.
"""
