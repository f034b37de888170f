"""Simulated devices, patients and homes that speak real Bluetooth and serial bytes."""
