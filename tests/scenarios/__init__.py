"""Scenario files that read as stories."""
