"""Wardgate: the hub that carries home measurements to a virtual ward."""

__version__ = "0.1.0"
