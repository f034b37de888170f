"""What a driver was written from and is checked with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Of one model."""

    decoders: tuple[str, ...]
    """The layouts of the frames that carry its measurements, by the names that vectors give them."""
    source: str
    """The public documents from which it is known."""
    also: tuple[str, ...] = ()
    """Other names under which it, or one that speaks as it does, is sold: what people look for."""
    seen: tuple[str, ...] = ()
    """How the vectors' `device` begins for this model and its family: a capture of these is a capture of it."""
    quirk: str | None = None
    """The context in which its frames are read, where it departs from its layout."""
    doubt: str = ""
    """What nobody knows before a real one has been seen."""


@dataclass(frozen=True, slots=True)
class Frames:
    """How many vectors of a model's layouts there are, by where they come from."""

    captured: int
    """From this model or its family."""
    captured_elsewhere: int
    """From other devices that speak the same layout."""
    published: int
    """Examples of documents and of public test suites."""
    constructed: int

    @property
    def level(self) -> str:
        """The best of it."""
        if self.captured:
            return "real capture"
        return "public document" if self.captured_elsewhere or self.published else "constructed"


def frames_of(evidence: Evidence, vectors: Iterable[Mapping[str, Any]]) -> Frames:
    """Count."""
    captured = elsewhere = published = constructed = 0
    for vector in vectors:
        context = vector.get("context") or {}
        if vector["decoder"] not in evidence.decoders or context.get("quirk") not in (None, evidence.quirk):
            continue
        match vector["kind"]:
            case "real capture" if vector["device"].startswith(evidence.seen):
                captured += 1
            case "real capture":
                elsewhere += 1
            case "spec example" | "from a public test suite":
                published += 1
            case _:
                constructed += 1
    return Frames(captured, elsewhere, published, constructed)
