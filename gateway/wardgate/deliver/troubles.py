"""What may be wrong with a broker or a ward, and what to do about it, in words."""

from __future__ import annotations

from typing import Final

from wardgate.config import Broker
from wardgate.contract import topics
from wardgate.deliver.view import Trouble
from wardgate.mqtt import meaning

_NOT_AUTHORISED: Final = 0x87
WARD_ABSENT: Final = Trouble(
    "ward-absent",
    "The broker takes the messages, but no ward is listening.",
    "Tell the ward. All messages are kept here until it answers.",
)
ACK_TOO_HIGH: Final = Trouble(
    "ack-too-high",
    "The ward acknowledges messages that this hub never sent: its database is an older copy, or another "
    "hub has its id.",
    "What waits is sent again under new numbers, and nothing is lost. Tell the ward to look for another "
    "hub of this id.",
)


def broker_lost(broker: Broker, reason: str) -> Trouble:
    """The connection is gone."""
    return Trouble(
        "broker-lost", f"The connection to {broker.host}:{broker.port} was lost: {reason}.", "The hub reconnects."
    )


def ack_not_authorised(hub: str) -> Trouble:
    """The broker keeps the ward's answers to itself."""
    return Trouble(
        "ack-not-authorised",
        "The broker does not let this hub read what the ward answers.",
        f"Allow the hub to read below {topics.down(hub, '#')} in the broker's access list.",
    )


def packets_too_small(most_bytes: int | None, enough_bytes: int) -> Trouble:
    """The broker's limit lets some messages not through."""
    return Trouble(
        "broker-packets-too-small",
        f"The broker takes {most_bytes} bytes in one packet, and messages wait that are larger.",
        f"Let it take {enough_bytes} bytes (mosquitto: max_packet_size). Nothing is lost meanwhile.",
    )


def publish_refused(hub: str, code: int) -> Trouble:
    """The broker takes no messages, for now."""
    if code == _NOT_AUTHORISED:
        return Trouble(
            "publish-not-authorised",
            "The broker does not let this hub publish its messages (not authorised).",
            f"Allow the hub to write below {topics.up(hub, '#')} in the broker's access list.",
        )
    return Trouble(
        f"publish-refused-{code:02x}",
        f"The broker refuses messages for now ({meaning(code)}).",
        "Look into the broker's log; the hub tries again by itself.",
    )


def ack_unreadable(error: Exception) -> Trouble:
    """The ward says what is no answer."""
    return Trouble("ack-unreadable", f"The ward's answer makes no sense: {error}.", "Tell the ward.")
