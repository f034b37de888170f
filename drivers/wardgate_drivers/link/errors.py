"""What can go wrong in a session. Each message is a sentence that ends with what to do."""

from __future__ import annotations


class SessionError(Exception):
    """A session with a device did not do what it was for."""


class LinkLostError(SessionError):
    """The link went down before the device could send. Wait for its next advertisement."""


class NotSupportedError(SessionError):
    """The device lacks a characteristic that its model must have: it is probably another model."""


class RefusedError(SessionError):
    """The device wants a bond that we do not have, or does not accept ours. Pair it again."""


class TimedOutError(SessionError):
    """The device did not answer in time. Wait for its next advertisement."""


class NotKeptError(SessionError):
    """A measurement came but could not be stored, so nothing was acknowledged or erased on the device."""


class ConsentError(SessionError):
    """The device does not let the hub in as this user: its slot or code in the configuration is wrong or missing."""


class NotIntroducedError(SessionError):
    """The device keeps a key of the one host it was introduced to, and that is not this hub. A person has to do it."""
