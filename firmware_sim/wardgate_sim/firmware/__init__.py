"""What runs inside the devices, manners included."""
