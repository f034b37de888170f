"""The way to the ward: name, connection, certificate, sign-in, as the hub itself goes it."""

from __future__ import annotations

import ssl
from typing import Final

from wardgate.cli.checks.check import Check, problem, well
from wardgate.config import Config
from wardgate.mqtt import Link, LinkError

_NAME: Final = "broker"


async def broker(config: Config) -> Check:
    """Whether the broker lets this hub in.

    It is asked under a client id of its own: with the hub's, the broker would end the session of the hub that runs.
    """
    place = f"{config.broker.host}:{config.broker.port}"
    link = Link(config.broker, f"{config.hub.id}-doctor", on_message=lambda *_: None, session_expiry_s=0)
    try:
        await link.open()
    except LinkError as error:
        clock = " A wrong clock makes good certificates look bad, too." if _about_certificate(error) else ""
        return problem(_NAME, error.sentence, error.what_to_do + clock)
    link.close()
    how = "encrypted, its certificate is trusted" if config.broker.tls else "not encrypted"
    return well(_NAME, f"The broker {place} lets this hub in ({how}).")


def _about_certificate(error: LinkError) -> bool:
    return isinstance(error.__cause__, ssl.SSLCertVerificationError)
