"""Price feeds."""
