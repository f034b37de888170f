"""The models Wardgate knows, each one frozen declaration."""
