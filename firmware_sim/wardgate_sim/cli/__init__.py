"""`wardgate-sim`, one file a command."""
