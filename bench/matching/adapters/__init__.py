"""What can run a stream, in the shape that the peers' bench knows: one class Adapter per module."""
