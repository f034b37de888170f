"""What a reason is, and what more than one of them says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KEPT: Final = "What was done before is kept."
NOTHING: Final = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class Reason:
    """One of them."""

    key: str
    sentence: str
    """What happened."""
    what_to_do: str
    safe: str = ""
    """What is safe meanwhile."""

    @property
    def guide(self) -> str:
        """Where the guide tells more."""
        return f"/guide#{self.key}"
