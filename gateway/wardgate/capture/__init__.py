"""Devices to measurements: the radio, the serial lines and their supervision."""
