"""Sessions with a device over Bluetooth GATT or a serial line."""
