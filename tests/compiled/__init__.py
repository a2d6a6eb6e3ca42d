"""The engine compiled by mypyc: built apart, then held to the same tests and hashes."""
