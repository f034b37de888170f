"""Why there is no connection, in a sentence, and what to do about it."""

from __future__ import annotations

import socket
import ssl
from typing import Final

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from wardgate.config import Broker
from wardgate.mqtt import tls

_BAD_LOGIN: Final = frozenset({0x86, 0x87})
_OTHER_VERSION: Final = 0x84


class LinkError(Exception):
    """No connection. `key` names the cause, and stays the same while the cause does."""

    def __init__(self, key: str, sentence: str, what_to_do: str) -> None:
        super().__init__(f"{sentence} {what_to_do}")
        self.key = key
        self.sentence = sentence
        self.what_to_do = what_to_do


def meaning(code: int) -> str:
    """A reason code of PUBACK in the words of the MQTT 5 specification."""
    try:
        words = ReasonCode(PacketTypes.PUBACK, identifier=code).getName()
    except KeyError:  # none of the specification
        return f"0x{code:02X}"
    return f"{words}, 0x{code:02X}"


def refused(reason: ReasonCode, broker: Broker) -> LinkError:
    if reason.value in _BAD_LOGIN:
        return LinkError(
            "broker-login",
            f"The broker {broker.host} refused this hub's name or password.",
            "Check broker.username and the password in broker.password_file.",
        )
    if reason.value == _OTHER_VERSION:
        return LinkError(
            "broker-protocol",
            f"The broker {broker.host} does not know MQTT {broker.protocol}.",
            'Set broker.protocol: "5", or "3.1.1" for an older broker.',
        )
    return LinkError(
        f"broker-refused-{reason.value:02x}", f"The broker {broker.host} refused the hub: {reason}.", "Read its log."
    )


def explained(error: OSError, broker: Broker) -> LinkError:
    place = f"{broker.host}:{broker.port}"
    match error:
        case socket.gaierror():
            return LinkError(
                "broker-name",
                f"The name of the broker, {broker.host}, is not known here.",
                "Check broker.host, and that the hub is on the Internet.",
            )
        case ssl.SSLError():
            return LinkError(*tls.words(error, broker))
        case TimeoutError():
            return LinkError("broker-silent", f"{place} does not answer.", "Check the hub's network, then the broker.")
        case ConnectionRefusedError():
            return LinkError(
                "broker-down", f"Nothing is listening at {place}.", "Check broker.port, and that the broker is running."
            )
        case ConnectionResetError() | BrokenPipeError():
            return LinkError(
                "broker-hung-up",
                f"The broker {place} hung up before it answered.",
                "Check broker.port and broker.tls. It may want a certificate (broker.cert_file and broker.key_file) "
                f"or not know MQTT {broker.protocol} (broker.protocol).",
            )
        case FileNotFoundError() if (missing := tls.not_enrolled(broker)) is not None:
            return LinkError(*missing)
        case FileNotFoundError() | PermissionError():
            return LinkError(
                "broker-files",
                f"A file of the [broker] section cannot be read: {error}.",
                "Check its path and that the hub may read it.",
            )
        case _:
            return LinkError("broker-unreachable", f"{place} cannot be reached: {error}.", "Check the hub's network.")
