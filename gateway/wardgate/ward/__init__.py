"""The reference ward: subscribes, checks, commits, acknowledges."""
