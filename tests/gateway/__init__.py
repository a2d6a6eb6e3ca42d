"""The gateway: sequencer, messages, HTTP, WebSocket, admission."""
