"""The hub's own certificate: how it gets one, how it renews it, and how many days it has left."""
