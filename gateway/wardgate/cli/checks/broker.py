"""The way to the ward: name, connection, certificate, sign-in, as the hub itself goes it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

import msgspec

from wardgate.cli.checks.check import Check, problem, well
from wardgate.config import Config
from wardgate.control.client import call
from wardgate.control.messages import Status
from wardgate.control.protocol import ControlError
from wardgate.mqtt import Link, LinkError

_NAME: Final = "broker"


async def broker(config: Config) -> Check:
    """Whether the broker lets this hub in.

    A hub that runs and is connected is the proof. Otherwise the broker is asked under a client id of its own: with the
    hub's it would end the session of the hub that runs, as it does anyhow where client ids are bound to certificates.
    """
    place = f"{config.broker.host}:{config.broker.port}"
    if await asyncio.to_thread(_is_connected, config):
        return well(_NAME, f"The running hub is connected to the broker {place}.")
    link = Link(config.broker, f"{config.hub.id}-doctor", on_message=lambda *_: None, session_expiry_s=0)
    try:
        await link.open()
    except LinkError as error:
        clock = " A wrong clock makes good certificates look bad, too." if _about_certificate(error) else ""
        return problem(_NAME, error.sentence, error.what_to_do + clock)
    link.close()
    how = "encrypted, its certificate is trusted" if config.broker.tls else "not encrypted"
    return well(_NAME, f"The broker {place} lets this hub in ({how}).")


def _is_connected(config: Config) -> bool:
    try:
        status: Status = call(Path(config.hub.control_socket), "status")
    except (ControlError, msgspec.ValidationError):  # away, or of another version
        return False
    return status.delivery.connected and not status.delivery.problem


def _about_certificate(error: LinkError) -> bool:
    return isinstance(error.__cause__, ssl.SSLCertVerificationError)
