"""What is said on the wire between a hub and a ward. No input or output happens here."""
