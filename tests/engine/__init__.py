"""The engine, one test file per module."""
