"""The hub before it has a patient: it answers on the control socket, and listens to no device."""
