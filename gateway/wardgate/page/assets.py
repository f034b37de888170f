"""Style sheet, script and icon, compressed once and served under addresses that name their content."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

_TYPES: Final = {
    "page.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    address: str
    media_type: str
    body: bytes
    gzipped: bytes


class Assets:
    """All of the package's static files."""

    def __init__(self) -> None:
        self._by_name = {name: _read(name, media_type) for name, media_type in _TYPES.items()}
        self._by_address = {asset.address: asset for asset in self._by_name.values()}

    def address(self, name: str) -> str:
        """Where a file is served. It changes with every byte of the file, so browsers may keep it for ever."""
        return self._by_name[name].address

    def at(self, address: str) -> Asset | None:
        """What is served there, if anything."""
        return self._by_address.get(address)


def _read(name: str, media_type: str) -> Asset:
    body = files("wardgate.page").joinpath("static", name).read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:16]
    return Asset(f"/assets/{digest}/{name}", media_type, body, gzip.compress(body, 9, mtime=0))
