"""What was set up on this hub, over what its own file says: which hub it is, whose, with which devices."""
