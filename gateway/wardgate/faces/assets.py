"""Style sheets, scripts and pictures, compressed once and served under addresses that name their content."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
SHARED: Final = "wardgate.faces"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    address: str
    media_type: str
    body: bytes
    gzipped: bytes


class Assets:
    """The static files that all pages share, and those of the packages that are named. Names are told apart by nobody:
    no two files may be called the same.
    """

    def __init__(self, *packages: str) -> None:
        self._by_name: dict[str, Asset] = {}
        for file in (f for package in (SHARED, *packages) for f in files(package).joinpath("static").iterdir()):
            if file.name in self._by_name:
                raise ValueError(f"two static files are called {file.name}")
            self._by_name[file.name] = _read(file)
        self._by_address = {asset.address: asset for asset in self._by_name.values()}

    def address(self, name: str) -> str:
        """Where a file is served. It changes with every byte of the file, so browsers may keep it for ever."""
        return self._by_name[name].address

    def at(self, address: str) -> Asset | None:
        """What is served there, if anything."""
        return self._by_address.get(address)


def _read(file: Traversable) -> Asset:
    body = file.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:16]
    media_type = _TYPES[Path(file.name).suffix]
    return Asset(f"/assets/{digest}/{file.name}", media_type, body, gzip.compress(body, 9, mtime=0))
