"""The journal: framing, group commit, recovery, and power loss on simulated files."""
