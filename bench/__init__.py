"""Workloads, measurements and plots.  Nothing that the venue runs on imports it."""
