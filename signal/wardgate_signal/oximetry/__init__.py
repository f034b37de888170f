"""Saturation: spot readings and nights."""
