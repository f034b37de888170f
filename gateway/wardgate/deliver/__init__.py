"""Outbox to ward over MQTT, until the ward says it has it."""

from wardgate.deliver.sender import Sender
from wardgate.deliver.view import DeliveryView

__all__ = ["DeliveryView", "Sender"]
