"""What clients are told of accounts, orders and positions: shapes and texts.  Changes nothing."""
