"""Tests of what is kept of each account."""
