"""Byte layouts, one file a characteristic or maker's frame. Pure functions."""
