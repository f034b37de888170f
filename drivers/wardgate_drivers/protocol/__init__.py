"""Makers' own protocols: what is said to a connected device, and in which order."""
