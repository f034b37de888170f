"""An air with other people's radios in it: what is sent is delayed, repeated, lost; links break; batteries sag.

The plain link of `wardgate_sim.radio` loses nothing and takes no time. On this one every packet waits for its
connection event and is sent again until it comes through, as the link layer does; an advertisement and a request to
connect are lost for good, as nobody repeats them; and a link may break, which both sides find out by supervision
timeout, the bytes meanwhile being lost. Every radio has dice of its own, so that a run with the same seed is the same
run, whatever order things happen in at one instant.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport

from wardgate_sim.radio import HUB_ADDRESS, Link

CONNECTION_EVENT_S: Final = 0.015
"""From one side to the other: half an interval of 30 ms, which hosts and devices of this kind agree on."""
BREAKS_WITHIN_S: Final = 8.0
"""A link that is going to break does so within this: the sessions that matter are seconds long."""
SUPERVISION_S: Final = (0.72, 4.0)
"""The least and the longest supervision timeout; 0.72 s is what a BlueZ host asks for."""


@dataclass(frozen=True, slots=True)
class Interference:
    """How bad the air is. Each is a share, 0 to 1."""

    advertisements_lost: float = 0.0
    connections_failed: float = 0.0
    """Requests to connect that the device does not hear."""
    links_broken: float = 0.0
    """Links that break in their first seconds."""
    packets_repeated: float = 0.0
    """Packets of a connection that have to be sent once more, and perhaps once more again."""


class Happening(StrEnum):
    """What became of an advertisement, or of a connection, of one device with the hub."""

    HEARD = "heard"
    ADVERTISEMENT_LOST = "advertisement-lost"
    HUB_DEAF = "hub-deaf"
    """It came through, while the hub's radio was busy with connecting to some device."""
    CONNECTED = "connected"
    CONNECTION_FAILED = "connection-failed"
    LINK_BROKEN = "link-broken"


class _Way:
    """One connection between two radios, in both directions."""

    def __init__(self) -> None:
        self.broken = False
        self.free_at_s: dict[str, float] = defaultdict(float)
        """When the last packet that was sent towards an address arrives: none overtakes another."""


class NoisyLink(Link):
    """The shared air of a home where the air is bad."""

    def __init__(self, interference: Interference, seed: int, hub: str = HUB_ADDRESS) -> None:
        super().__init__()
        self.interference: Final = interference
        self.silenced: Final[set[str]] = set()
        """Addresses whose radio has no power: nothing of theirs is heard."""
        self.happened: Final[dict[str, list[tuple[float, Happening]]]] = defaultdict(list)
        """What happened between each device and the hub, with the loop's time."""
        self._seed = seed
        self._hub = hub
        self._dice: dict[tuple[str, str], random.Random] = {}
        self._ways: dict[frozenset[str], _Way] = {}
        self._order: list[Controller] = []

    def add_controller(self, controller: Controller) -> None:
        """Remembered in the order of coming: a set's order differs from run to run."""
        super().add_controller(controller)
        self._order.append(controller)

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """To everybody who listens, unless it is lost on the way."""
        if isinstance(packet, ll.ConnectInd):
            self._request(packet)
            return
        address = _text(sender_controller.random_address)
        if address in self.silenced or not isinstance(packet, ll.AdvInd | ll.AdvExtInd):
            return
        for controller in self._order:
            if controller is sender_controller or controller not in self.controllers:
                continue
            listens = controller.le_scan_enable or controller.pending_le_connection is not None
            is_hub = _text(controller.random_address) == self._hub
            if not listens and not is_hub:
                continue
            lost = self._falls("advertisement", address, self.interference.advertisements_lost)
            if is_hub:
                wanted = listens and (controller.le_scan_enable or _is_wanted(controller, packet))
                heard = Happening.HEARD if wanted else Happening.HUB_DEAF
                self._note(address, Happening.ADVERTISEMENT_LOST if lost else heard)
            if listens and not lost:
                asyncio.get_running_loop().call_soon(controller.on_ll_advertising_pdu, packet)

    def send_acl_data(
        self, sender_controller: Controller, destination_address: hci.Address, transport: PhysicalTransport, data: bytes
    ) -> None:
        """At the next connection event that brings it through."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if transport == PhysicalTransport.LE and connection is not None and receiver is not None:
            own = connection.self_address
            self._send(own, destination_address, lambda: _hand_over(receiver, own, transport, data))

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """As data: in its order, and lost when the link is broken."""

        def deliver() -> None:
            receiver = self.find_le_controller(receiver_address)
            if receiver is not None and sender_address in receiver.le_connections:
                receiver.on_ll_control_pdu(sender_address, packet)

        self._send(sender_address, receiver_address, deliver)

    def silence(self, address: str) -> None:
        """Its battery is too weak for its radio: nothing is heard of it, and its link breaks."""
        self.silenced.add(address)
        self.lose(address)

    def _request(self, packet: ll.ConnectInd) -> None:
        address = _text(packet.advertiser_address)
        if address in self.silenced or self._falls("connection", address, self.interference.connections_failed):
            self._note(address, Happening.CONNECTION_FAILED)
            return
        device = self.controller_of(address)
        if device is None or not device.le_legacy_advertiser.enabled:
            self._note(address, Happening.CONNECTION_FAILED)
            return
        way = self._ways[_pair(packet.initiator_address, packet.advertiser_address)] = _Way()
        self._note(address, Happening.CONNECTED)
        loop = asyncio.get_running_loop()
        loop.call_soon(device.on_ll_advertising_pdu, packet)
        if self._falls("link", address, self.interference.links_broken):
            after_s = self._die("breaking", address).uniform(0.0, BREAKS_WITHIN_S)
            loop.call_later(after_s, self._break, way, packet.initiator_address, packet.advertiser_address)

    def _break(self, way: _Way, central: hci.Address, device: hci.Address) -> None:
        """Nothing comes through any more; some time later each side that still believes in the link gives it up."""
        ends = [(c, link) for c, link in self._ends(central, device) if self._ways.get(_pair(central, device)) is way]
        if not ends:
            return
        way.broken = True
        address = _text(device)
        self._note(address, Happening.LINK_BROKEN)
        after_s = self._die("supervision", address).uniform(*SUPERVISION_S)
        asyncio.get_running_loop().call_later(after_s, _give_up, ends)

    def _ends(self, central: hci.Address, device: hci.Address) -> list[tuple[Controller, Connection]]:
        found = []
        for own, other in ((central, device), (device, central)):
            controller = self.controller_of(_text(own))
            connection = controller.le_connections.get(other) if controller is not None else None
            if controller is not None and connection is not None:
                found.append((controller, connection))
        return found

    def _send(self, sender: hci.Address, receiver: hci.Address, deliver: Callable[[], None]) -> None:
        way = self._ways.get(_pair(sender, receiver))
        if way is None or way.broken:
            return
        die, to = self._die("packet", _text(sender)), _text(receiver)
        events = 1
        while die.random() < self.interference.packets_repeated:
            events += 2
        loop = asyncio.get_running_loop()
        at_s = way.free_at_s[to] = max(loop.time(), way.free_at_s[to]) + events * CONNECTION_EVENT_S

        def arrive() -> None:
            if not way.broken:
                deliver()

        loop.call_at(at_s, arrive)

    def _falls(self, what: str, address: str, share: float) -> bool:
        return share > 0 and self._die(what, address).random() < share

    def _die(self, what: str, address: str) -> random.Random:
        key = (what, address)
        if key not in self._dice:
            self._dice[key] = random.Random(f"{self._seed}/{what}/{address}")
        return self._dice[key]

    def _note(self, address: str, what: Happening) -> None:
        self.happened[address].append((asyncio.get_running_loop().time(), what))


def _hand_over(receiver: Controller, sender: hci.Address, transport: PhysicalTransport, data: bytes) -> None:
    if sender in receiver.le_connections:
        receiver.on_link_acl_data(sender, transport, data)


def _give_up(ends: list[tuple[Controller, Connection]]) -> None:
    for controller, connection in ends:
        if controller.le_connections.get(connection.peer_address) is connection:
            controller.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


def _is_wanted(controller: Controller, packet: ll.AdvInd | ll.AdvExtInd) -> bool:
    pending = controller.pending_le_connection
    return pending is not None and pending.peer_address == packet.advertiser_address


def _pair(one: hci.Address, other: hci.Address) -> frozenset[str]:
    return frozenset((_text(one), _text(other)))


def _text(address: hci.Address) -> str:
    return address.to_string(False)
