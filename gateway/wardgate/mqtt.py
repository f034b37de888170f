"""One MQTT 5 connection on the event loop: what the hub's sender and the ward kit share.

paho builds and reads the packets; its own network thread is not used. Measured: with the socket on the event loop a
message costs 37 µs instead of 62, for no thread waits for another's lock, and every callback comes from the loop.
A connection is used once. Whoever holds it keeps what is not acknowledged, and makes a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from wardgate.config import Broker
from wardgate.contract.topics import CONTENT_TYPE

KEEPALIVE_S: Final = 30
CONNECT_TIMEOUT_S: Final = 20.0
"""For name, connection, TLS and CONNACK together."""
SESSION_EXPIRY_S: Final = 7 * 24 * 3600
_READS: Final = 64
"""Packets read before the loop gets to do something else."""
_READ_BYTES: Final = 64 * 1024
_MISC_S: Final = 1.0
_BAD_LOGIN: Final = frozenset({0x86, 0x87})
REFUSED: Final = 0x80
"""Reason codes from here on mean no."""


class LinkError(Exception):
    """No connection. `key` names the cause, and stays the same while the cause does."""

    def __init__(self, key: str, sentence: str, what_to_do: str) -> None:
        super().__init__(f"{sentence} {what_to_do}")
        self.key = key
        self.sentence = sentence
        self.what_to_do = what_to_do


def _properties(packet: int, **values: object) -> Any:
    """MQTT 5 properties (paho's class has no types)."""
    make: Any = Properties
    properties = make(packet)
    for name, value in values.items():
        setattr(properties, name, value)
    return properties


def _packed_once(properties: Any) -> Any:
    """The same properties for every message: paho would pack them each time anew."""
    packed = properties.pack()
    properties.__dict__["pack"] = lambda: packed
    return properties


class _BufferedClient(Client):
    """paho with a buffer on each side of its socket.

    paho reads a packet in four system calls and writes each by one. Each lets go of the interpreter's lock, and a ward
    whose other thread was committing spent a third of its time to get it back. Here a system call carries dozens.
    """

    def __init__(self, client_id: str) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5, reconnect_on_failure=False)
        self._unread = b""
        self._unread_at = 0
        self._unsent = bytearray()
        self.buffering = False
        """Whether what is written waits for `flush`."""

    def unread(self) -> bool:
        """Whether bytes are here that the socket knows nothing of any more."""
        sock = self.socket()
        return self._unread_at < len(self._unread) or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)

    def flush(self) -> bool:
        """Write what waits. False while the socket takes no more."""
        sock = self.socket()
        while self._unsent and sock is not None:
            try:
                del self._unsent[: sock.send(self._unsent)]
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
        return True

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._unread_at >= len(self._unread):
            self._unread, self._unread_at = super()._sock_recv(_READ_BYTES), 0
        part = self._unread[self._unread_at : self._unread_at + bufsize]
        self._unread_at += len(part)
        return part

    def _sock_send(self, buf: bytes | bytearray) -> int:
        if not self.buffering:
            return super()._sock_send(buf)
        self._unsent += buf
        return len(buf)


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says, retained, when this client is gone without a word."""

    topic: str
    payload: bytes


class Backoff:
    """Seconds to wait before the next attempt: doubling, with jitter, so that a street of hubs is not in step."""

    def __init__(self, first_s: float = 1.0, longest_s: float = 120.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def next_s(self) -> float:
        delay_s = self._next_s * random.uniform(0.5, 1.0)  # noqa: S311 - nobody gains by guessing it
        self._next_s = min(self._longest_s, self._next_s * 2)
        return delay_s

    def reset(self) -> None:
        self._next_s = self._first_s


class Link:
    """A connection that is up. `closed` gives the reason once it is not."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        will: Will | None = None,
        on_message: Callable[[str, bytes], None],
        on_puback: Callable[[int, int], None] | None = None,
        session_expiry_s: int = SESSION_EXPIRY_S,
    ) -> None:
        self._broker = broker
        self._on_message = on_message
        self._on_puback = on_puback
        self._loop = asyncio.get_running_loop()
        self._connack: asyncio.Future[tuple[ReasonCode, Properties | None]] = self._loop.create_future()
        self.closed: asyncio.Future[str] = self._loop.create_future()
        self._session_expiry_s = session_expiry_s
        self._progress = 0
        self._socket: Any = None
        self._writing = False
        self._misc: asyncio.TimerHandle | None = None
        self._publish_properties = _packed_once(_properties(PacketTypes.PUBLISH, ContentType=CONTENT_TYPE))
        self.receive_maximum = 65535
        self.maximum_packet_bytes: int | None = None
        client = _BufferedClient(client_id)
        client.max_inflight_messages_set(0)  # the window is the caller's, who knows the broker's Receive Maximum
        client.connect_timeout = CONNECT_TIMEOUT_S / 2
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._message
        client.on_publish = self._published
        if will:
            properties = _properties(PacketTypes.WILLMESSAGE, ContentType=CONTENT_TYPE)
            client.will_set(will.topic, will.payload, qos=1, retain=True, properties=properties)
        self._client = client

    async def open(self) -> None:
        """Connect.

        Raises:
            LinkError: with the cause in a sentence, and what to do about it.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await asyncio.to_thread(self._connect)
                self._attach()
                await self._await_connack()
        except OSError as error:  # a TimeoutError is one
            self.close()
            raise _explained(error, self._broker) from error
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        """Name, connection and TLS handshake may block, hence in a thread; nobody else has the client yet."""
        broker = self._broker
        if broker.tls:
            context = ssl.create_default_context(cafile=broker.ca_file)
            if broker.cert_file:
                context.load_cert_chain(broker.cert_file, broker.key_file)
            self._client.tls_set_context(context)
        if broker.username:
            password = Path(broker.password_file).read_text(encoding="utf-8").strip() if broker.password_file else None
            self._client.username_pw_set(broker.username, password)
        properties = _properties(PacketTypes.CONNECT, SessionExpiryInterval=self._session_expiry_s)
        self._client.connect(broker.host, broker.port, KEEPALIVE_S, clean_start=False, properties=properties)

    def _attach(self) -> None:
        sock: Any = self._client.socket()
        if sock is None:
            raise ConnectionResetError
        self._socket = sock
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.on_socket_close = self._socket_closed
        self._client.on_socket_register_write = self._wants_write
        self._client.buffering = True
        self._loop.add_reader(sock, self._readable)
        self._misc = self._loop.call_later(_MISC_S, self._every_second)
        if self._client.want_write():
            self._wants_write(self._client, None, sock)

    async def _await_connack(self) -> None:
        either: list[asyncio.Future[Any]] = [self._connack, self.closed]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self._connack.done():
            raise ConnectionResetError
        reason, properties = self._connack.result()
        if reason.is_failure:
            raise _refused(reason, self._broker)
        if properties is not None:
            self.receive_maximum = getattr(properties, "ReceiveMaximum", 65535)
            self.maximum_packet_bytes = getattr(properties, "MaximumPacketSize", None)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Send with QoS 1. The packet id that `on_puback` will name with a reason code; None when nothing is sent."""
        info = self._client.publish(topic, payload, 1, retain, self._publish_properties)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def subscribe(self, topic: str) -> None:
        """Ask for a topic with QoS 1."""
        self._client.subscribe(topic, 1)

    def close(self) -> None:
        """Say goodbye, so that the last will is not sent, and let go of the socket."""
        if self._misc:
            self._misc.cancel()
        with contextlib.suppress(OSError, ValueError):
            self._client.loop_write()
            self._client.flush()
            self._client.buffering = False
            self._client.disconnect()
            self._client.loop_write()
        sock = self._client.socket()
        if sock is not None:
            self._socket_closed(self._client, None, sock)
            sock.close()

    # What paho calls, on the loop

    def _connected(
        self, _client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if not self._connack.done():
            self._connack.set_result((reason, properties))

    def _disconnected(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if not self.closed.done():
            self._loop.call_soon_threadsafe(self._set_closed, str(reason))

    def _set_closed(self, reason: str) -> None:
        if not self.closed.done():
            self.closed.set_result(reason)

    def _message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._progress += 1
        self._on_message(message.topic, bytes(message.payload))

    def _published(
        self, _client: Client, _data: Any, mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._progress += 1
        if self._on_puback:
            self._on_puback(mid, reason.value)

    # The socket on the loop

    def _readable(self) -> None:
        for _ in range(_READS):
            before = self._progress
            self._client.loop_read()
            if self._client.socket() is None:
                self._set_closed("the connection was lost")
                return
            if self._progress == before and not self._client.unread():
                return
        # Not all was read, and what is in the buffer does not make the socket readable again.
        self._loop.call_soon(self._readable)

    def _writable(self) -> None:
        if self._client.socket() is None:
            return
        self._client.loop_write()
        try:
            flushed = self._client.flush()
        except OSError:
            flushed = True  # reading finds out too, and says it as paho says it
        sock: Any = self._client.socket()
        if sock is None:
            self._set_closed("the connection was lost")
        elif self._writing == flushed:
            self._writing = not flushed
            if flushed:
                self._loop.remove_writer(sock)
            else:
                self._loop.add_writer(sock, self._writable)

    def _wants_write(self, _client: Client, _data: Any, _sock: Any) -> None:
        """Once for all that is queued in this turn of the loop."""
        self._loop.call_soon(self._writable)

    def _socket_closed(self, _client: Client, _data: Any, sock: Any) -> None:
        if self._socket is not None and sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
        self._socket = None
        self._writing = False
        self._set_closed("the connection was lost")

    def _every_second(self) -> None:
        self._client.loop_misc()
        if self._client.socket() is not None:
            self._misc = self._loop.call_later(_MISC_S, self._every_second)


def _refused(reason: ReasonCode, broker: Broker) -> LinkError:
    if reason.value in _BAD_LOGIN:
        return LinkError(
            "broker-login",
            f"The broker {broker.host} refused this hub's name or password.",
            "Check broker.username and the password in broker.password_file.",
        )
    return LinkError(
        f"broker-refused-{reason.value:02x}", f"The broker {broker.host} refused the hub: {reason}.", "Read its log."
    )


def _explained(error: OSError, broker: Broker) -> LinkError:
    place = f"{broker.host}:{broker.port}"
    match error:
        case socket.gaierror():
            return LinkError(
                "broker-name",
                f"The name of the broker, {broker.host}, is not known here.",
                "Check broker.host, and that the hub is on the Internet.",
            )
        case ssl.SSLCertVerificationError():
            return LinkError(
                "broker-certificate",
                f"The certificate of {place} is not to be trusted: {error.verify_message}.",
                "Name the authority that signed it in broker.ca_file. If that is right already, tell your ward.",
            )
        case ssl.SSLError():
            return LinkError(
                "broker-tls",
                f"{place} and this hub could not agree on TLS: {error.reason or error}.",
                "Check broker.port, broker.tls, broker.cert_file and broker.key_file: they have to be what it wants.",
            )
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
                "Check broker.port and broker.tls. It may want this hub's certificate: broker.cert_file and broker.key_file.",
            )
        case FileNotFoundError() | PermissionError():
            return LinkError(
                "broker-files",
                f"A file of the [broker] section cannot be read: {error}.",
                "Check its path and that the hub may read it.",
            )
        case _:
            return LinkError("broker-unreachable", f"{place} cannot be reached: {error}.", "Check the hub's network.")
