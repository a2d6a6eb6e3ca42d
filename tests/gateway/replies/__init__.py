"""Tests of `gateway/replies`."""
