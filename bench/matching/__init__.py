"""The same streams of orders on our book, our engine and other people's.  No figures of its own."""
