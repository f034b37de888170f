"""The air: one in-process link with a controller for every radio on it, and doors through which a hub reaches its own.

The faults of bumble 0.0.236 that a hub would notice are mended here, each with its reason. A hub's controller can be
used in this process (`wardgate_sim.backend.open_hub`), over a socket by another process (`HubDoor`), or by the
kernel's Bluetooth stack through `/dev/vhci` (`open_vhci`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final, cast

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.core import InvalidArgumentError, InvalidPacketError, PhysicalTransport
from bumble.link import LocalLink
from bumble.transport import open_transport
from bumble.transport.common import PacketParser, TransportSink

log: Final = logging.getLogger(__name__)

HUB_ADDRESS: Final = "C0:FF:EE:00:00:01"
_ESTABLISH_S: Final = 0.05
_UNSAFE_FEATURES: Final = hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING


class Link(LocalLink):
    """The shared air. Any number of controllers hear each other on it."""

    def __init__(self) -> None:
        cast(Callable[[], None], super().__init__)()

    def send_acl_data(
        self, sender_controller: Controller, destination_address: hci.Address, transport: PhysicalTransport, data: bytes
    ) -> None:
        """Deliver from the address under which the link was made.

        bumble always uses the sender's random address, and so loses every byte of a hub with a public one.
        """
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if transport == PhysicalTransport.LE and connection is not None and receiver is not None:
            asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Deliver, or lose it when the peer has left the air.

        bumble raises inside the sender's command handler, and the sender's host waits for its answer for ever.
        """
        with contextlib.suppress(InvalidArgumentError):
            cast(Callable[..., None], super().send_ll_control_pdu)(sender_address, receiver_address, packet)

    def controller_of(self, address: str) -> Controller | None:
        """Whose address this is."""
        for controller in self.controllers:
            if address in (_text(controller.random_address), _text(controller.public_address)):
                return controller
        return None

    def lose(self, address: str) -> None:
        """Break every link of this radio as distance does: both sides find out by supervision timeout."""
        controller = self.controller_of(address)
        if isinstance(controller, Radio):
            controller.drop_links()

    def remove(self, controller: Controller) -> None:
        """Take a radio off the air for good."""
        if isinstance(controller, Radio):
            controller.fall_silent()
        self.controllers.discard(controller)


class Radio(Controller):
    """A controller on the link."""

    def __init__(
        self,
        name: str,
        link: Link,
        *,
        public_address: hci.Address | None = None,
        source: object | None = None,
        sink: TransportSink | None = None,
    ) -> None:
        super().__init__(name, host_source=source, host_sink=sink, link=link, public_address=public_address)
        # bumble reports every connection with the old event; a host that sees either feature waits for the new one
        # (google/bumble#841).
        self.le_features &= ~_UNSAFE_FEATURES
        self.rssi_dbm = -60
        """How well others hear this radio."""

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        """Report an advertisement and its scan response; bumble reports the advertisement twice."""
        sender = cast(Link, self.link).controller_of(_text(pdu.advertiser_address))
        if self.le_scan_enable and isinstance(sender, Radio):
            response = sender.le_legacy_advertiser.scan_response_data
            kinds = hci.HCI_LE_Advertising_Report_Event.EventType
            for kind, data in ((kinds.ADV_IND, pdu.data), (kinds.SCAN_RSP, response)):
                report = hci.HCI_LE_Advertising_Report_Event.Report(
                    event_type=kind,
                    address_type=pdu.advertiser_address.address_type,
                    address=pdu.advertiser_address,
                    data=data,
                    rssi=sender.rssi_dbm,
                )
                self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def create_le_connection(self, peer_address: hci.Address) -> None:
        """Connect; a device that another host took first, or that fell asleep, is told as a real controller tells it.

        bumble would leave a link of which the other side knows nothing.
        """
        super().create_le_connection(peer_address)
        asyncio.get_running_loop().call_later(_ESTABLISH_S, self._established_or_failed, peer_address)

    def _established_or_failed(self, peer_address: hci.Address) -> None:
        connection = self.le_connections.get(peer_address)
        peer = cast(Link, self.link).controller_of(_text(peer_address))
        if connection is not None and (peer is None or connection.self_address not in peer.le_connections):
            self.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR)

    def on_hci_reset_command(self, _command: hci.HCI_Reset_Command) -> hci.HCI_StatusReturnParameters:
        """Forget everything, as a real reset does; bumble forgets nothing."""
        self.fall_silent()
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Give a pending connection up and say so; bumble would still make it at the next advertisement."""
        pending = self.pending_le_connection
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.pending_le_connection = None
        failure = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        # The command has to be complete before its consequence is told.
        asyncio.get_running_loop().call_soon(self.send_hci_packet, failure)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def drop_links(self) -> None:
        """End every link on both sides with a supervision timeout."""
        for connection in list(self.le_connections.values()):
            self._time_out(connection)

    def fall_silent(self) -> None:
        """Stop advertising, scanning and connecting; the peers of its links find out by supervision timeout."""
        self.drop_links()
        self.le_legacy_advertiser.stop()
        self.le_scan_enable = False
        self.pending_le_connection = None

    def _time_out(self, connection: Connection) -> None:
        peer = cast(Link, self.link).controller_of(_text(connection.peer_address))
        self.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        other = peer.le_connections.get(connection.self_address) if peer else None
        if peer and other:
            peer.on_le_disconnected(other, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


class HubDoor:
    """A hub's adapter behind a socket: one host at a time, the newest wins.

    The adapter stays on the air between hosts, silent. A host that vanished (`kill -9`) is noticed by its socket; the
    peers of its links see a supervision timeout, and the next host finds a controller that was reset.
    """

    def __init__(self, link: Link, *, name: str = "hub") -> None:
        self.radio: Final = Radio(name, link)
        self.attached = 0
        """How many hosts have attached so far."""
        self._link = link
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None
        self.spec = ""

    async def listen(self, path: Path | None = None) -> str:
        """Open a Unix socket at `path`, else a free TCP port on loopback. The result is what `attach` takes."""
        if path is not None:
            self._server = await asyncio.start_unix_server(self._serve, path)
            self.spec = f"unix:{path}"
        else:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.spec = f"tcp-client:127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self.spec

    async def close(self) -> None:
        """Close the door and take the adapter off the air."""
        if self._server is not None:
            self._server.close()
        if self._writer is not None:
            self._writer.close()
        if self._server is not None:
            await self._server.wait_closed()
        self._link.remove(self.radio)

    def on_packet(self, packet: bytes) -> None:
        """From the controller to the host of the moment."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(packet)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            self._writer.close()
        self.radio.host = None
        self.radio.fall_silent()
        self._writer = writer
        self.radio.host = self
        self.attached += 1
        parser = PacketParser(self.radio)
        try:
            while data := await reader.read(4096):
                if self._writer is not writer:
                    return
                parser.feed_data(data)
        except ConnectionError:
            log.debug("the host of %s broke off", self.spec)
        except InvalidPacketError as error:
            log.warning("what came to %s is no HCI: %s", self.spec, error)
        finally:
            if self._writer is writer:
                self._writer = None
                self.radio.host = None
                self.radio.fall_silent()
            writer.close()


@contextlib.asynccontextmanager
async def open_vhci(
    spec: str = "vhci", address: str = HUB_ADDRESS, link: Link | None = None
) -> AsyncIterator[tuple[Link, Radio]]:
    """A link (this one, or a new one) whose hub side is the kernel: a controller behind `/dev/vhci`, with a public
    address. To leave this takes the adapter away from the kernel.

    Needs root and a kernel with hci_vhci.
    """
    async with await cast(Callable[[str], Awaitable[contextlib.AbstractAsyncContextManager[object]]], open_transport)(
        spec
    ) as transport:
        source, sink = cast(tuple[object, TransportSink], transport)
        air = Link() if link is None else link
        public = hci.Address(address, hci.Address.PUBLIC_DEVICE_ADDRESS)
        radio = Radio("hub", air, public_address=public, source=source, sink=sink)
        yield air, radio
        radio.fall_silent()
        air.remove(radio)


def _text(address: hci.Address) -> str:
    return address.to_string(False)
