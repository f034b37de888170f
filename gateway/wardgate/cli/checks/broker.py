"""The way to the ward: name, connection, certificate, sign-in, as the hub itself goes it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import msgspec

from wardgate.cli.checks.check import Check, problem, well
from wardgate.config import Bare, Config
from wardgate.control.client import call
from wardgate.control.messages import Status
from wardgate.control.protocol import ControlError
from wardgate.mqtt.tls import UNTRUSTED
from wardgate.provision.checks import Finding, accepted_check, reached_check

_NAME: Final = "broker"


async def broker(config: Config | Bare) -> Check:
    """Whether the broker lets this hub in; before the claim, whether the ward is reached.

    A hub that runs and is connected is the proof. Otherwise the broker is asked under a client id of its own: with the
    hub's it would end the session of the hub that runs, as it does anyhow where client ids are bound to certificates.
    """
    if config.broker is None or config.hub.id is None:
        reached = await asyncio.to_thread(reached_check, config, claimed=config.hub.id is not None)
        return _told(reached)
    place = f"{config.broker.host}:{config.broker.port}"
    if await asyncio.to_thread(_is_connected, config):
        return well(_NAME, f"The running hub is connected to the broker {place}.")
    found = await accepted_check(config.broker, f"{config.hub.id}-doctor", session_expiry_s=0)
    if found.tick != "good":
        return _told(found)
    how = "encrypted, its certificate is trusted" if config.broker.tls else "not encrypted"
    return well(_NAME, f"The broker {place} lets this hub in ({how}).")


def _told(found: Finding) -> Check:
    if found.tick == "good":
        return well(_NAME, found.sentence)
    clock = " A wrong clock makes good certificates look bad, too." if found.reason == UNTRUSTED else ""
    return problem(_NAME, found.sentence, found.what_to_do + clock)


def _is_connected(config: Config | Bare) -> bool:
    try:
        status: Status = call(Path(config.hub.control_socket), "status")
    except (ControlError, msgspec.ValidationError):  # away, or of another version
        return False
    return status.delivery.connected and not status.delivery.problem
