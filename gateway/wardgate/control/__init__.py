"""The local control socket: how pages and commands talk to a running hub."""
