"""A hub's ear that remembers what it heard."""

from __future__ import annotations

import asyncio

from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.sink import Consent
from wardgate_drivers.measurement import DeviceTime, Measurement


class Ear:
    """Implements `SessionSink`. Commits are done at once, unless `hold` is set; then a test ends them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        """Names of the calls, in order."""
        self.measurements: list[Measurement] = []
        self.commits: list[asyncio.Future[None]] = []
        self.rejections: list[tuple[FrameError, bytes]] = []
        self.clocks: list[DeviceTime] = []
        self.clocks_set: list[DeviceTime] = []
        self.target: DeviceTime | None = DeviceTime.of(2026, 11, 21, 12, 0, 0.4)
        self.batteries: list[int] = []
        self.identities: dict[str, str] = {}
        self.memory: dict[str, bytes] = {}
        """What sessions left for the next ones."""
        self.patient: Consent | None = None
        self.hold = False
        self.heard = asyncio.Event()

    def measurement(self, measurement: Measurement) -> asyncio.Future[None]:
        self.calls.append("measurement")
        self.measurements.append(measurement)
        commit = asyncio.get_running_loop().create_future()
        if not self.hold:
            commit.set_result(None)
        self.commits.append(commit)
        self.heard.set()
        return commit

    def rejected(self, error: FrameError, frame: bytes) -> None:
        self.calls.append("rejected")
        self.rejections.append((error, frame))

    def clock(self, device_now: DeviceTime) -> None:
        self.calls.append("clock")
        self.clocks.append(device_now)

    def clock_target(self) -> DeviceTime | None:
        return self.target

    def clock_set(self, to: DeviceTime) -> None:
        self.calls.append("clock_set")
        self.clocks_set.append(to)

    def battery(self, percent: int) -> None:
        self.calls.append("battery")
        self.batteries.append(percent)

    def identity(self, field: str, value: str) -> None:
        self.calls.append("identity")
        self.identities[field] = value

    def recall(self, key: str) -> bytes | None:
        return self.memory.get(key)

    def remember(self, key: str, value: bytes) -> asyncio.Future[None]:
        self.calls.append("remember")
        self.memory[key] = value
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def consent(self) -> Consent | None:
        return self.patient
