"""A recorded price file through an engine in this process, with synthetic traders; no network."""
