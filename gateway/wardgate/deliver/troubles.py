"""What may be wrong with a broker or a ward that answers, and what to do about it, in words."""

from __future__ import annotations

from typing import Final

from wardgate.contract import topics
from wardgate.deliver.view import Trouble
from wardgate.mqtt import meaning

_NOT_AUTHORISED: Final = 0x87
WARD_ABSENT: Final = Trouble(
    "ward-absent",
    "The broker takes the messages, but no ward is listening.",
    "Tell the ward. All messages are kept here until it answers.",
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
