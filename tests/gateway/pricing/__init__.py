"""Tests of `gateway/pricing`."""
