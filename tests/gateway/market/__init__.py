"""Tests of what the public sees of a market."""
