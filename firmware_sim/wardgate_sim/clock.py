"""A clock that can leap: the demo's way from one measurement to the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wardgate.clock import SystemClock


class LeapClock:
    """Real time plus a lead that only grows. The hub's own waiting stays real.

    A leap looks to the hub like a machine that slept: the boot-time clock goes forward with the wall clock.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._real = SystemClock()
        self._lead = timedelta(0)
        self._boot_lead_s = 0.0
        if start is not None:
            self._lead = start - self._real.utc()

    def utc(self) -> datetime:
        """The wall clock, aware, UTC."""
        return self._real.utc() + self._lead

    def boottime_s(self) -> float:
        """Seconds since boot, the leaps included."""
        return self._real.boottime_s() + self._boot_lead_s

    def boot_id(self) -> str:
        """This machine's."""
        return self._real.boot_id()

    def synchronised(self) -> bool:
        """Always: a simulated home has the right time."""
        return True

    def leap_to(self, utc: datetime) -> None:
        """Go forward to this moment.

        Raises:
            ValueError: it is past.
        """
        by = utc.astimezone(UTC) - self.utc()
        if by < timedelta(0):
            raise ValueError(f"{utc} is past: it is {self.utc()}")
        self._lead += by
        self._boot_lead_s += by.total_seconds()
