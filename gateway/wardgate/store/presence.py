"""Whether the database's files are still those that were opened, and what is done where they are not.

A file that was deleted goes on taking commits without a word, and all of it is gone with its last handle. So nothing is
promised any more once a name leads elsewhere; what was promised is copied out of the open files and put back.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from wardgate.store.errors import StoreBroken
from wardgate.store.salvage import sync_directory

log: Final = logging.getLogger(__name__)

_File = tuple[int, int]


class Presence:
    """Of the files of one open database: itself and its log. The rest SQLite can make anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._files = {file: found for file in (path, self._log) if (found := _which(file)) is not None}
        self._fault = ""
        self._copy: Path | None = None

    def fault(self) -> str:
        """What has become of them; empty when all is well. Two looks into a directory: it is asked at every commit."""
        for file, known in self._files.items():
            now = _which(file)
            if now != known:
                return f"{file.name} was {'deleted' if now is None else 'replaced'} while the hub ran"
        return ""

    def check(self) -> None:
        """To be called before a commit.

        Raises:
            StoreBroken: what is committed now would be lost.
        """
        if fault := self.fault():
            raise StoreBroken(f"Nothing can be stored into {self._path}: {fault}. Restart the hub.")

    def rescue(self, connection: sqlite3.Connection) -> None:
        """Before the files are closed: if they are not in their place, copy all that was committed."""
        self._fault = self.fault()
        if not self._fault:
            return
        part = self._path.with_name(f"{self._path.name}.rescued")
        try:
            part.unlink(missing_ok=True)
            os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
            with closing(sqlite3.connect(part)) as new:
                connection.backup(new)
        except (OSError, sqlite3.Error) as error:
            log.error("what was stored could not be saved: %s", error)
        else:
            self._copy = part

    def put_back(self) -> None:
        """Give the copy its place, now that all is closed; beside whatever somebody has put there meanwhile.

        Our log goes first: beside another database it would be taken for that one's.
        """
        if self._copy is None:
            return
        try:
            self._put(self._copy)
        except OSError as error:
            log.error("what was stored is kept as %s: %s", self._copy, error)

    def _put(self, copy: Path) -> None:
        ours = _which(self._path) in (None, self._files[self._path])
        if ours or _which(self._log) == self._files.get(self._log):
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        name = f"{self._path.stem}.displaced-{secrets.token_hex(4)}{self._path.suffix}"
        kept = self._path if ours else self._path.with_name(name)
        copy.rename(kept)
        note = _note(self._path)
        note.write_text(f"{self._fault}\n{'' if ours else kept}", encoding="utf-8")
        note.chmod(0o600)
        sync_directory(self._path.parent)


def mishap(path: Path) -> tuple[str, str] | None:
    """What happened to the files in the life before, and where the copy is when it could not be put back. Told once."""
    note = _note(path)
    try:
        fault, _, kept = note.read_text(encoding="utf-8").partition("\n")
        note.unlink()
    except OSError:
        return None
    return fault, kept


def _note(path: Path) -> Path:
    return path.with_suffix(".mishap")


def _which(file: Path) -> _File | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
