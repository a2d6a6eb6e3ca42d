"""What became of each account's orders, positions and money, from durable events alone."""
