"""Wardgate: the hub that carries home measurements to a virtual ward."""

from importlib.metadata import version

__version__ = version("wardgate")
