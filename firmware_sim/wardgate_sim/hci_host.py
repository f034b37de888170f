"""bumble's HCI host, made safe against cancellation."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from bumble import hci
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host
from bumble.keys import KeyStore


class CalmHost(Host):
    """A host whose commands run to their end, whoever stops waiting for them.

    bumble 0.0.236 (on Python 3.11) loses a cancellation that meets a command whose answer is there already, and
    after one that meets it earlier the answer, when it comes, is an error in the next command.
    """

    async def _send_command(
        self, command: hci.HCI_SyncCommand[Any] | hci.HCI_AsyncCommand, response_timeout: float | None = None
    ) -> hci.HCI_Command_Complete_Event[Any] | hci.HCI_Command_Status_Event:
        return await asyncio.shield(asyncio.ensure_future(super()._send_command(command, response_timeout)))


def make_device(name: str, address: str, keys: KeyStore, source: Any, sink: Any, **configuration: Any) -> Device:
    """A bumble device with a static random address. Its identity key is new each time: bumble's default is all zero."""
    device = Device(
        config=DeviceConfiguration(
            name=name,
            address=hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS),
            irk=secrets.token_bytes(16),
            **configuration,
        ),
        host=CalmHost(source, sink),
    )
    device.keystore = keys
    return device
