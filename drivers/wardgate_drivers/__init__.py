"""What devices say: bytes to measurements, and how to talk to each model."""
