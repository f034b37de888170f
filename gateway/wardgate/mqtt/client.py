"""paho, with what it spends on each packet taken out."""

from __future__ import annotations

import ssl
import struct
from collections.abc import Callable
from typing import Final, Literal

from paho.mqtt import MQTTException
from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

_READ_BYTES: Final = 64 * 1024
LARGEST_PACKET_BYTES: Final = 16 * 1024 * 1024
"""No message of the contract comes near. A damaged length may claim 256 MB, and would swallow all that follows."""
_DAMAGED: Final = (MQTTException, struct.error, LookupError, ValueError, AssertionError)
"""What paho's decoders raise, beside what it handles, for a packet that is none."""
_OURS: Final = frozenset({0x30, 0x40})
"""PUBLISH and PUBACK: what they call on the way is ours, and its errors are no damage of the packet."""


class BufferedClient(Client):
    """paho with a buffer on each side of its socket, and a short way for what comes in.

    paho reads a packet in four system calls and writes each by one. Each lets go of the interpreter's lock, and a ward
    whose other thread was committing spent a third of its time to get it back. Here a system call carries dozens.
    """

    def __init__(
        self,
        client_id: str,
        protocol: Literal["5", "3.1.1"],
        take: Callable[[str, bytes], None],
        taken: Callable[[int, int], None],
    ) -> None:
        self._is_v5 = protocol == "5"
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTv5 if self._is_v5 else MQTTv311,
            clean_session=None if self._is_v5 else False,  # version 5 says it with CONNECT
            reconnect_on_failure=False,
        )
        self.take = take
        self.taken = taken
        self._unread = b""
        self._unread_at = 0
        self._unsent = bytearray()
        self.buffering = False
        """Whether what is written waits for `flush`."""
        self.whole: set[str] = set()
        """Topics whose messages are wanted with their properties."""
        self.refusal: ssl.SSLError | None = None
        """Why the other side ended TLS; paho itself forgets it."""

    def hold_to(self, receive_maximum: int) -> None:
        """From here on the broker's Receive Maximum: what is more waits in paho for the next PUBACK. A broker may end a
        connection over which it gets one message more."""
        self._max_inflight_messages = receive_maximum

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

    def _packet_handle(self) -> MQTTErrorCode:
        """A packet that cannot be read ends the connection; paho would go on with half of it in its hands."""
        if self._in_packet["command"] & 0xF0 in _OURS:
            return super()._packet_handle()
        return self._guarded(super()._packet_handle)

    def _guarded(self, handle: Callable[[], MQTTErrorCode]) -> MQTTErrorCode:
        try:
            return handle()
        except _DAMAGED:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL

    def too_large(self) -> bool:
        """Whether the packet that is coming in is larger than any that is meant for us."""
        return bool(self._in_packet["remaining_length"] > LARGEST_PACKET_BYTES)

    def _handle_publish(self) -> MQTTErrorCode:
        """A message of QoS 1, without the properties: nobody here asks for them, and paho spends 30 us on them."""
        packet = self._in_packet["packet"]
        if self._in_packet["command"] & 0x06 != 0x02:
            return self._guarded(super()._handle_publish)
        topic_end = 2 + int.from_bytes(packet[:2], "big")
        at, length, shift = topic_end + 2, 0, 0
        if at > len(packet):
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        while self._is_v5 and at < len(packet) and shift < 28:
            byte = packet[at]
            length |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        if at + length > len(packet):
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        try:
            topic = packet[2:topic_end].decode()
        except UnicodeDecodeError:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        if topic in self.whole:
            return super()._handle_publish()
        self.take(topic, bytes(packet[at + length :]))
        return self._send_puback(int.from_bytes(packet[topic_end : topic_end + 2], "big"))

    def _handle_pubackcomp(self, cmd: Literal["PUBACK", "PUBCOMP"]) -> MQTTErrorCode:
        """An answer of the broker, again without the properties."""
        packet = self._in_packet["packet"]
        if cmd != "PUBACK" or len(packet) < 2:
            return self._guarded(lambda: super(BufferedClient, self)._handle_pubackcomp(cmd))
        mid = int.from_bytes(packet[:2], "big")
        if self._out_messages.pop(mid, None) is not None:
            self._inflight_messages -= 1
            if len(self._out_messages) > self._inflight_messages:
                self._update_inflight()
            self.taken(mid, packet[2] if len(packet) > 2 else 0)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._unread_at >= len(self._unread):
            try:
                self._unread, self._unread_at = super()._sock_recv(_READ_BYTES), 0
            except ssl.SSLError as error:
                self.refusal = error
                raise
        part = self._unread[self._unread_at : self._unread_at + bufsize]
        self._unread_at += len(part)
        return part

    def _sock_send(self, buf: bytes | bytearray) -> int:
        if not self.buffering:
            return super()._sock_send(buf)
        self._unsent += buf
        return len(buf)
