"""What the public sees of each market, made from durable events alone.  Knows no connection."""
