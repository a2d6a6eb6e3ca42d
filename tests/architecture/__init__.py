"""The shape of the house: imports, bans in the core, and ratchets."""
