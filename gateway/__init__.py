"""Composes the venue: HTTP, WebSocket, clock and config.  The market's rules live in `engine`."""
