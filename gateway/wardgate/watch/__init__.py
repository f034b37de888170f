"""Readings to findings to alerts."""
