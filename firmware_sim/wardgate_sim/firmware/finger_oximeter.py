"""Oximeters that stream to whoever listens while a finger is in, and remember nothing.

Without a finger they say so for some seconds and turn themselves off. How long each of them takes to find a pulse is
not published; two seconds are assumed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import oximeters
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import LinkLost, Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

SEARCHING_SECONDS: Final = 2
EMPTY_SECONDS: Final = 4
"""How long it goes on after the finger has left."""
PERFUSION_PCT: Final = 4.0


class FingerOximeter(Peripheral):
    """Base: a service with one characteristic that notifies, a second's worth of frames at a time."""

    NAME: ClassVar[str]
    MAKER: ClassVar[str]
    SERVICE: ClassVar[int | str]
    DATA: ClassVar[int | str]

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        finger_s: float = 40.0,
        second_s: float = 1.0,
        restless: bool = False,
        serial: str = "0000001",
        battery_percent: int = 100,
    ) -> None:
        self.finger_s = finger_s
        self.second_s = second_s
        """How long it takes from one set of values to the next."""
        self.restless = restless
        """The hand is not kept still: the pulse that is shown jumps about."""
        self._finger: Taken | None = None
        self._on_until_s = 0.0
        self._seconds = 0
        """Sets of values since the finger was put in."""
        self._listening = asyncio.Event()
        super().__init__(
            link, address, clock, name=self.NAME, maker=self.MAKER, serial=serial, battery_percent=battery_percent
        )

    def second(self, spo2: int | None, pulse: int | None) -> list[bytes]:
        """The notifications of one second; without values while it searches and when the finger has left."""
        raise NotImplementedError

    def services(self) -> list[Service]:
        """The one that carries the stream."""
        self._data: Characteristic[bytes] = self.characteristic(self.DATA, Properties.NOTIFY)
        self._data.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        return [self.service(self.SERVICE, self._data, *self.more_characteristics())]

    def more_characteristics(self) -> list[Characteristic[bytes]]:
        """Others of the same service."""
        return []

    def advertising_data(self) -> bytes:
        """Its service; the name is in the scan response."""
        return advertisement(service_uuids=(self.SERVICE,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Put a finger in for `finger_s`."""
        self._finger = self.book.take(values, at or self.clock.now())
        self._seconds = 0
        self.stay_on(self.finger_s)
        return self._finger

    def stay_on(self, on_s: float) -> None:
        """Be on the air for so long, also again after a lost link."""
        self._on_until_s = asyncio.get_running_loop().time() + on_s
        self.wake(on_s)

    async def session(self, connection: Connection) -> None:
        """Values again and again, none for a while when the finger has left. A lost host may come again meanwhile."""
        self._listening.clear()
        self.begin()
        try:
            while self._on_left_s > 0:
                await self._next_second(connection, *self._values())
            self._finger = None
            for _ in range(EMPTY_SECONDS):
                await self._next_second(connection, None, None)
        except LinkLost:
            if self._on_left_s > 0:
                self.wake(self._on_left_s)
            raise

    async def _next_second(self, connection: Connection, spo2: int | None, pulse: int | None) -> None:
        await self.while_linked(asyncio.sleep(self.second_s))
        self._seconds += 1
        if self._listening.is_set() and self.may_send():
            for notification in self.second(spo2, pulse):
                await self.notify(connection, self._data, notification)

    @property
    def _on_left_s(self) -> float:
        return self._on_until_s - asyncio.get_running_loop().time()

    def begin(self) -> None:
        """A host is there."""

    def may_send(self) -> bool:
        """Whether the host did what it takes, beside listening."""
        return True

    def _values(self) -> tuple[int | None, int | None]:
        if self._finger is None or self._seconds < SEARCHING_SECONDS:
            return None, None
        jump = 20 if self.restless and self._seconds % 2 else 0
        return round(self._finger.values["spo2"]), round(self._finger.values["pulse"]) - jump

    def _on_subscription(self, _bearer: object, notify: bool, _indicate: bool) -> None:
        (self._listening.set if notify else self._listening.clear)()


class JumperOximeter(FingerOximeter):
    """Jumper JPD-500F: values each second, waveform on the same characteristic."""

    MODEL = "jumper-jpd-500"
    NAME = "My Oximeter"
    MAKER = "Jumper"
    SERVICE = "cdeacb80-5235-4c07-8846-93a37ee6b86d"
    DATA = "cdeacb81-5235-4c07-8846-93a37ee6b86d"

    def second(self, spo2: int | None, pulse: int | None) -> list[bytes]:
        """Some waveform, then the values."""
        perfusion = 0.0 if spo2 is None else PERFUSION_PCT
        return [bytes([0x80, *range(0x40, 0x4A)]), oximeters.jumper_values(spo2, pulse, perfusion)]


class InnovoOximeter(FingerOximeter):
    """Innovo iP900BP-B: speaks only when both of its characteristics are subscribed to."""

    MODEL = "innovo-ip900"
    NAME = "iP900BPB"
    MAKER = "Innovo"
    SERVICE = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
    DATA = 0xFFF1

    def more_characteristics(self) -> list[Characteristic[bytes]]:
        """The one that stays silent."""
        self._other_subscribed = False
        other = self.characteristic(0xFFF0, Properties.NOTIFY)
        other.on(Characteristic.EVENT_SUBSCRIPTION, self._on_other)
        return [other]

    def begin(self) -> None:
        """Subscriptions are per host."""
        self._other_subscribed = False

    def may_send(self) -> bool:
        """With both subscribed to."""
        return self._other_subscribed

    def second(self, spo2: int | None, pulse: int | None) -> list[bytes]:
        """Some of the curve, then the values; zeros without a finger."""
        curve = [bytes([0x01, sample]) for sample in (30, 42, 37)]
        perfusion = 0.0 if spo2 is None else PERFUSION_PCT
        return [*curve, oximeters.choicemmed_values(spo2 or 0, pulse or 0, 16, perfusion)]

    def _on_other(self, _bearer: object, notify: bool, _indicate: bool) -> None:
        self._other_subscribed = notify


class Pc60Oximeter(FingerOximeter):
    """Creative PC-60FW: values each second; frames are put into notifications as they fit."""

    MODEL = "viatom-pc60"
    NAME = "PC-60FW"
    MAKER = "Creative"
    SERVICE = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
    DATA = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"

    def second(self, spo2: int | None, pulse: int | None) -> list[bytes]:
        """Waveform, values and battery, cut into twenty bytes."""
        perfusion = 0.0 if spo2 is None else PERFUSION_PCT
        frames = (
            oximeters.pc60(0x0F, bytes([0x02, 90, 87, 0x80 | 82, 76, 69])),
            oximeters.pc60_values(spo2 or 0, pulse or 0, perfusion),
            oximeters.pc60(0xF0, bytes([0x03, min(3, self.battery_percent // 25)])),
        )
        return cut(b"".join(frames), 20)


class BerryOximeter(FingerOximeter):
    """Berry BM1000: a hundred packets a second, four to a notification. What a host hears begins inside a packet."""

    MODEL = "berry-bm1000"
    NAME = "BerryMed"
    MAKER = "Berry"
    SERVICE = "49535343-fe7d-4ae5-8fa9-9fafd205e455"
    DATA = "49535343-1e4d-4bd9-ba61-23c647249616"
    PACKETS_PER_S: ClassVar[int] = 100

    def begin(self) -> None:
        """The host comes in the middle of a packet."""
        self._rest = bytes([0x06, 0x4B, 0x62])

    def advertising_data(self) -> bytes:
        """Its name alone."""
        return advertisement()

    def second(self, spo2: int | None, pulse: int | None) -> list[bytes]:
        """Notifications of twenty bytes; what is left over goes into the next second."""
        packets = b"".join(
            oximeters.bci_packet(spo2, pulse, waveform=number, bar=number % 16, no_finger=spo2 is None)
            for number in range(self.PACKETS_PER_S)
        )
        *whole, rest = cut(self._rest + packets, 20)
        self._rest = rest
        return whole


class Cms50dBt(FingerOximeter):
    """Contec CMS50D-BT: sends after a start command, and stops without a keep-alive."""

    MODEL = "contec-cms50d-bt"
    NAME = "SpO202"
    MAKER = "Contec"
    SERVICE = 0xFF12
    DATA = 0xFF02
    ALIVE_SECONDS: ClassVar[int] = 5
    """How long it goes on without being kept alive."""

    def more_characteristics(self) -> list[Characteristic[bytes]]:
        """The one for commands."""
        return [self.characteristic(0xFF01, Properties.WRITE | Properties.WRITE_WITHOUT_RESPONSE, write=self._command)]

    def advertising_data(self) -> bytes:
        """Its name alone."""
        return advertisement()

    def begin(self) -> None:
        """A new host has to start it."""
        self._alive_seconds = 0

    def may_send(self) -> bool:
        """While it was started and kept alive."""
        self._alive_seconds -= 1
        return self._alive_seconds >= 0

    def second(self, spo2: int | None, pulse: int | None) -> list[bytes]:
        """Some of the curve, then the values."""
        values = oximeters.contec_ble_values(oximeters.NO_SPO2 if spo2 is None else spo2, pulse or 0)
        return [oximeters.contec_ble_waveform(0x48), values]

    def _command(self, value: bytes) -> None:
        if value.hex() == "9b011c" or (value.hex() == "9a1a" and self._alive_seconds > 0):
            self._alive_seconds = self.ALIVE_SECONDS
        elif value.hex() == "9b7f1a":
            self._alive_seconds = 0


def cut(data: bytes, size: int) -> list[bytes]:
    """Pieces of at most that size."""
    return [data[at : at + size] for at in range(0, len(data), size)] or [b""]
