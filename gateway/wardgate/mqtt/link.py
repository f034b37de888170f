"""One connection on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from wardgate.config import Broker
from wardgate.contract.topics import CONTENT_TYPE
from wardgate.mqtt.client import BufferedClient
from wardgate.mqtt.errors import explained, refused
from wardgate.mqtt.request import Take, request

KEEPALIVE_S: Final = 30
CONNECT_TIMEOUT_S: Final = 20.0
"""For name, connection, TLS and CONNACK together."""
SESSION_EXPIRY_S: Final = 7 * 24 * 3600
_READS: Final = 64
"""Packets read before the loop gets to do something else."""
_MISC_S: Final = 1.0
REFUSED: Final = 0x80
"""Reason codes from here on mean no."""
LOST: Final = "the connection was lost"
_KEEP_ALIVE_TIMEOUT: Final = 0x8D


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


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says, retained, when this client is gone without a word."""

    topic: str
    payload: bytes


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
        on_subscription_refused: Callable[[], None] | None = None,
        session_expiry_s: int = SESSION_EXPIRY_S,
    ) -> None:
        self._broker = broker
        self._on_message = on_message
        self._on_puback = on_puback
        self._on_subscription_refused = on_subscription_refused
        self._is_v5 = broker.protocol == "5"
        self._abandoned = False
        self._why = LOST
        self._held = True
        """Nobody has had the time to say who takes what comes right behind the CONNACK."""
        self._loop = asyncio.get_running_loop()
        self._connack: asyncio.Future[tuple[ReasonCode, Properties | None]] = self._loop.create_future()
        self._asked: dict[int, asyncio.Future[None]] = {}
        """Subscriptions that the broker has not answered yet."""
        self.closed: asyncio.Future[str] = self._loop.create_future()
        self._session_expiry_s = session_expiry_s
        self._progress = 0
        self._socket: Any = None
        self._writing = False
        self._misc: asyncio.TimerHandle | None = None
        self._publish_properties = (
            _packed_once(_properties(PacketTypes.PUBLISH, ContentType=CONTENT_TYPE)) if self._is_v5 else None
        )
        self.receive_maximum = 65535
        self.maximum_packet_bytes: int | None = None
        client = BufferedClient(client_id, broker.protocol, self._message, self._published)
        client.max_inflight_messages_set(0)  # the window is the caller's, until the broker has said its own
        client.connect_timeout = CONNECT_TIMEOUT_S / 2
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = lambda _client, _data, message: self._message(message.topic, bytes(message.payload))
        if will:
            properties = _properties(PacketTypes.WILLMESSAGE, ContentType=CONTENT_TYPE) if self._is_v5 else None
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
            self._loop.call_soon(self._release)  # after what the caller does first
        except OSError as error:  # a TimeoutError is one
            self.close()
            raise explained(error, self._broker) from error
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
        # CONNECT waits for `_attach`: one that nobody waits for any more would take the session from the next one.
        self._client.buffering = True
        if self._is_v5:
            properties = _properties(PacketTypes.CONNECT, SessionExpiryInterval=self._session_expiry_s)
            self._client.connect(broker.host, broker.port, KEEPALIVE_S, clean_start=False, properties=properties)
        else:
            self._client.connect(broker.host, broker.port, KEEPALIVE_S)
        sock = self._client.socket()
        if self._abandoned and sock is not None:
            sock.close()

    def _attach(self) -> None:
        sock: Any = self._client.socket()
        if sock is None:
            raise ConnectionResetError
        self._socket = sock
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.on_socket_close = self._socket_closed
        self._client.on_socket_register_write = self._wants_write
        self._loop.add_reader(sock, self._readable)
        self._misc = self._loop.call_later(_MISC_S, self._every_second)
        self._wants_write(self._client, None, sock)

    async def _await_connack(self) -> None:
        either: list[asyncio.Future[Any]] = [self._connack, self.closed]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self._connack.done():
            raise self._client.refusal or ConnectionResetError()
        reason, properties = self._connack.result()
        if reason.is_failure:
            raise refused(reason, self._broker)
        if properties is not None:
            self.receive_maximum = getattr(properties, "ReceiveMaximum", 65535)
            self.maximum_packet_bytes = getattr(properties, "MaximumPacketSize", None)
            self._client.hold_to(self.receive_maximum)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Send with QoS 1. The packet id that `on_puback` will name with a reason code; None when nothing is sent."""
        info = self._client.publish(topic, payload, 1, retain, self._publish_properties)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def publish_with(
        self, topic: str, payload: bytes, *, response_topic: str | None = None, correlation: bytes | None = None
    ) -> int | None:
        """As `publish`, with where an answer belongs, or to what this one does. MQTT 3.1.1 cannot say it."""
        said = {"ResponseTopic": response_topic, "CorrelationData": correlation}
        given = {name: value for name, value in said.items() if value is not None}
        properties = _properties(PacketTypes.PUBLISH, ContentType=CONTENT_TYPE, **given)
        info = self._client.publish(topic, payload, 1, False, properties)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def route(self, topic: str, take: Take) -> None:
        """This topic's messages go there, with their properties. Say it before `open`: a broker that kept some for
        this client sends them with its answer."""
        self._client.whole.add(topic)
        self._client.message_callback_add(topic, lambda _client, _data, message: take(request(message)))

    def subscribe(self, topic: str, *, tell_retained: bool = False) -> None:
        """Ask for a topic with QoS 1.

        `tell_retained` has the broker say of every message whether it was published to be retained, also of those that
        waited for this client. MQTT 3.1.1 says so only of what the broker has retained.
        """
        if self._is_v5:
            options = SubscribeOptions(qos=1, retainAsPublished=tell_retained)
            _, mid = self._client.subscribe(topic, options=options)
        else:
            _, mid = self._client.subscribe(topic, 1)
        if mid is not None:
            self._asked[mid] = self._loop.create_future()

    async def listening(self) -> None:
        """Until the broker has answered every subscription, or is gone: what others publish before is not heard."""
        while self._asked and not self.closed.done():
            either: list[asyncio.Future[Any]] = [self.closed, *self._asked.values()]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)

    def close(self) -> None:
        """Say goodbye, so that the last will is not sent, and let go of the socket."""
        self._abandoned = True
        if self._misc:
            self._misc.cancel()
        with contextlib.suppress(OSError, ValueError):
            self._client.loop_write()
            self._client.flush()
            self._client.buffering = False
            self._client.disconnect()
            self._client.loop_write()
        self._let_go("this side closed it")

    def _let_go(self, why: str) -> None:
        self._set_closed(why)
        sock = self._client.socket()
        self._client.on_socket_close = None  # paho would call it once more when it is collected
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
        self, _client: Client, _data: Any, flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._why = f"the broker ended it ({reason})"
        elif reason.value == _KEEP_ALIVE_TIMEOUT:
            self._why = "nothing has been heard of the broker for too long"
        self._loop.call_soon_threadsafe(self._set_closed, self._why)

    def _set_closed(self, reason: str) -> None:
        if not self.closed.done():
            self.closed.set_result(reason)

    def _subscribed(
        self, _client: Client, _data: Any, mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        if asked := self._asked.pop(mid, None):
            asked.set_result(None)
        if self._on_subscription_refused and any(reason.is_failure for reason in reasons):
            self._loop.call_soon(self._on_subscription_refused)

    def _message(self, topic: str, payload: bytes) -> None:
        self._progress += 1
        self._on_message(topic, payload)

    def _published(self, mid: int, reason: int) -> None:
        self._progress += 1
        if self._on_puback:
            self._on_puback(mid, reason)

    # The socket on the loop

    def _release(self) -> None:
        self._held = False
        if self._socket is not None:
            self._loop.add_reader(self._socket, self._readable)
            self._readable()

    def _readable(self) -> None:
        for _ in range(_READS):
            if self._held and self._connack.done() and self._socket is not None:
                self._loop.remove_reader(self._socket)
                return
            before = self._progress
            self._client.loop_read()
            if self._client.socket() is None:
                self._closed_soon()
                return
            if self._client.too_large():
                self._let_go("the broker sent what is no MQTT")  # without a goodbye
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
            self._closed_soon()
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
        self._closed_soon()

    def _closed_soon(self) -> None:
        """After paho has had its turn: it lets go of the socket first, and says why only then."""
        self._loop.call_soon(lambda: self._set_closed(self._why))

    def _every_second(self) -> None:
        self._client.loop_misc()
        if self._client.socket() is not None:
            self._misc = self._loop.call_later(_MISC_S, self._every_second)
