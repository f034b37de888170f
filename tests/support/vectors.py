"""The byte vectors, loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent.parent / "vectors"

Vector = dict[str, Any]


def load() -> list[Vector]:
    """All vectors, in the order of their files."""
    files = sorted(FOLDER.glob("*.json"))
    return [vector for file in files for vector in json.loads(file.read_text(encoding="utf-8"))["vectors"]]


def frame_of(vector: Vector) -> bytes:
    """The bytes of a vector."""
    return bytes.fromhex(vector.get("hex") or "") or str(vector.get("ascii") or "").encode("ascii")
