"""Setting a hub up: its stages, what was done, and what still has to be."""
