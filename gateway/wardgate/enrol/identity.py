"""The hub's pairs of key and certificate on its disk. Power may go at any step: one pair that works is always in place.

    identity/current -> pair-1a2b     the pair in use
    identity/next    -> pair-3c4d     a pair that has not been tried at the broker
    identity/asking  -> pair-5e6f     a key whose certificate has not come, or has only just come

A pair goes its way by one rename of a link: asking, next, current.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

KEY: Final = "hub.key"
CERTIFICATE: Final = "hub.pem"
CURRENT: Final = "current"
NEXT: Final = "next"
_ASKING: Final = "asking"
_PAIR: Final = "pair-"


def directory(data_dir: Path) -> Path:
    """Where a hub's pairs are."""
    return data_dir / "identity"


class Identity:
    """The pairs in one directory. Whatever was left half-done by an earlier life is cleared away by `tidy`."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.current: Final = path / CURRENT
        self.next: Final = path / NEXT
        self.asking: Final = path / _ASKING

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Keep other processes of this hub away meanwhile; False when one is at it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(descriptor)

    def has_current(self) -> bool:
        """Whether there is a pair in use."""
        return (self.current / CERTIFICATE).exists()

    def has_next(self) -> bool:
        """Whether there is a pair to be tried."""
        return (self.next / CERTIFICATE).exists()

    def key_asked_for(self) -> bytes | None:
        """The key for which a certificate was, or is to be, asked."""
        try:
            return (self.asking / KEY).read_bytes()
        except FileNotFoundError:
            return None

    def certificate_received(self) -> bytes | None:
        """What has come for it already."""
        try:
            return (self.asking / CERTIFICATE).read_bytes()
        except FileNotFoundError:
            return None

    def ask_with(self, key: bytes) -> None:
        """Keep a new key, before anything is asked for it."""
        pair = self.path / f"{_PAIR}{secrets.token_hex(4)}"
        for place in (self.path, pair):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(pair / KEY, key)
        part = self.asking.with_suffix(".part")
        part.unlink(missing_ok=True)
        part.symlink_to(pair.name)
        self._move(part, self.asking)

    def received(self, certificate: bytes) -> None:
        """A certificate for the key has come."""
        _write(self.asking / CERTIFICATE, certificate)

    def offer(self) -> None:
        """What has come is to be tried at the broker."""
        self._move(self.asking, self.next)

    def take(self) -> None:
        """What has come is in use from now on: a claimed pair, for there is none that works."""
        self._move(self.asking, self.current)
        self.next.unlink(missing_ok=True)
        self.tidy()

    def take_next(self) -> None:
        """What was tried has worked."""
        self._move(self.next, self.current)
        self.tidy()

    def drop_next(self) -> None:
        """What was tried has not worked."""
        self.next.unlink(missing_ok=True)
        self.tidy()

    def stop_asking(self) -> None:
        """The key cannot be used."""
        self.asking.unlink(missing_ok=True)
        self.tidy()

    def tidy(self) -> None:
        """Remove the pairs that nothing leads to."""
        if not self.path.is_dir():
            return
        kept = {link.readlink().name for link in (self.current, self.next, self.asking) if link.is_symlink()}
        for place in self.path.iterdir():
            if place.name.startswith(_PAIR) and place.name not in kept:
                shutil.rmtree(place, ignore_errors=True)

    def _move(self, link: Path, to: Path) -> None:
        link.rename(to)
        _sync(self.path)


def _write(file: Path, text: bytes) -> None:
    """A whole file or none, readable by its owner alone from its first byte on."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)
    part.rename(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
