"""Twins of the outside world that forget, fail and lie on purpose."""
