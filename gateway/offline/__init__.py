"""What the command line does with a data directory that no venue serves."""
