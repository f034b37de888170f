"""A message with what MQTT 5 says beside it: where its answer belongs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from paho.mqtt.client import MQTTMessage


@dataclass(frozen=True, slots=True)
class Request:
    """What came, and who wants to know what became of it."""

    topic: str
    payload: bytes
    retained: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None
    """Goes back with the answer as it is."""


Take = Callable[[Request], None]


def request(message: MQTTMessage) -> Request:
    """Out of paho's message. A connection of version 3.1.1 has no properties."""
    properties = message.properties
    return Request(
        message.topic,
        bytes(message.payload),
        message.retain,
        getattr(properties, "ResponseTopic", None),
        getattr(properties, "CorrelationData", None),
    )
