"""The patient's screen: its own process, which reads through the control socket and changes nothing."""
