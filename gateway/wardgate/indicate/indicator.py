"""What can show or say in the home how it stands. Whatever it is, it is beside the way of a reading, never in it."""

from __future__ import annotations

from typing import Protocol

from wardgate.indicate.moment import Moment


class Indicator(Protocol):
    """A light, a sound. Both `tell` and `identify` return at once; the work is done in `run`, which is supervised."""

    @property
    def name(self) -> str:
        """What the log calls it."""
        ...

    def tell(self, moment: Moment, *, quiet: bool) -> None:
        """Show this from now on; `quiet`: without a sound."""
        ...

    def identify(self, *, quiet: bool) -> None:
        """Show which box this is."""
        ...

    async def run(self) -> None:
        """For ever."""
        ...
