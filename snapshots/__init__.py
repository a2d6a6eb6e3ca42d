"""State at a sequence number, made durable.  Knows the engine and the journal, not the network."""
