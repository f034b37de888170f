"""What SQLite asks of the disk, written down: every write, cut, sync, new name, removal and renaming, in order.

The recorder stands between the SQLite library that the hub itself uses (the one behind the module `sqlite3`) and that
library's own `unix` file system, as its default one: the code under test is unmodified and does not know. What Python
does to the files beside SQLite (renaming, removing, syncing a directory) is heard too.

Sources: sqlite3.h (`sqlite3_vfs`, `sqlite3_io_methods`), and os_unix.c for when the directory is synced: with the
first sync of a journal or a write-ahead log that is new, and with a removal that asks for it.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

_WAL: Final = 0x00080000
_MAIN_JOURNAL: Final = 0x00000800
"""SQLITE_OPEN_WAL and SQLITE_OPEN_MAIN_JOURNAL."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes into a file; they may or may not survive until it is synced."""

    file: int
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file cut to a size, or made as long."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A file's bytes and size are on the medium."""

    file: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name in the directory now means this file; None: no file any more."""

    name: str
    file: int | None


@dataclass(frozen=True, slots=True)
class Rename:
    """A file has another name."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class DirectorySync:
    """The names are on the medium."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Not the disk's: something that the test notes at this moment."""

    what: Any


Entry = Write | Truncate | Sync | Name | Rename | DirectorySync | Mark


class Recording:
    """One run. `before` is the disk as it was, by name; `log` what happened then; files are numbered."""

    def __init__(self, directory: Path, prefix: str) -> None:
        self.log: list[Entry] = []
        self._directory = directory.resolve()
        self._prefix = prefix
        self.before: dict[str, bytes] = {
            path.name: path.read_bytes()
            for path in sorted(directory.iterdir())
            if self._is_mine(str(path.resolve())) and not path.name.endswith("-shm")
        }
        self._names = {name: number for number, name in enumerate(self.before)}
        self._next = len(self._names)
        self._fresh: set[int] = set()

    def mark(self, what: object) -> None:
        """Note something between what happens to the disk."""
        self.log.append(Mark(what))

    def _is_mine(self, path: str) -> bool:
        where, name = os.path.split(path)
        return where == str(self._directory) and name.startswith(self._prefix)

    def opened(self, path: str, flags: int) -> int | None:
        """The number of a file that SQLite opens; None for one that is not recorded."""
        if not self._is_mine(path):
            return None
        name = os.path.basename(path)  # noqa: PTH119 - called for every open, with text
        if name not in self._names:
            self._names[name] = number = self._next
            self._next += 1
            self.log.append(Name(name, number))
            if flags & (_WAL | _MAIN_JOURNAL):
                self._fresh.add(number)
        return self._names[name]

    def synced(self, file: int) -> None:
        self.log.append(Sync(file))
        if file in self._fresh:
            self._fresh.discard(file)
            self.log.append(DirectorySync())

    def removed(self, path: str) -> None:
        name = os.path.basename(path)  # noqa: PTH119 - as above
        if self._is_mine(path) and self._names.pop(name, None) is not None:
            self.log.append(Name(name, None))

    def directory_synced(self, path: str) -> None:
        if path == str(self._directory):
            self.log.append(DirectorySync())

    def linked(self, file: str, name: str) -> None:
        if self._is_mine(file) and self._is_mine(name):
            known = self._names[os.path.basename(file)]  # noqa: PTH119 - as above
            self._names[os.path.basename(name)] = known  # noqa: PTH119 - as above
            self.log.append(Name(os.path.basename(name), known))  # noqa: PTH119 - as above

    def renamed(self, old: str, new: str) -> None:
        before, after = os.path.basename(old), os.path.basename(new)  # noqa: PTH119 - as above
        if self._is_mine(old) and before in self._names:
            self._names[after] = self._names.pop(before)
            self.log.append(Rename(before, after))


class _Io(Structure):
    """`sqlite3_io_methods`."""


class _File(Structure):
    """`sqlite3_file`: the first field of every open file."""

    _fields_ = (("methods", POINTER(_Io)),)


class _Vfs(Structure):
    """`sqlite3_vfs`."""


_WRITE_FN: Final = ctypes.CFUNCTYPE(c_int, POINTER(_File), c_void_p, c_int, c_int64)
_TRUNCATE_FN: Final = ctypes.CFUNCTYPE(c_int, POINTER(_File), c_int64)
_SYNC_FN: Final = ctypes.CFUNCTYPE(c_int, POINTER(_File), c_int)
# Paths are plain addresses: SQLite keeps them, so what is handed on must be the very same, not a copy of the text.
_OPEN_FN: Final = ctypes.CFUNCTYPE(c_int, POINTER(_Vfs), c_void_p, POINTER(_File), c_int, POINTER(c_int))
_DELETE_FN: Final = ctypes.CFUNCTYPE(c_int, POINTER(_Vfs), c_void_p, c_int)

_Io._fields_ = (
    ("version", c_int),
    ("close", c_void_p),
    ("read", c_void_p),
    ("write", _WRITE_FN),
    ("truncate", _TRUNCATE_FN),
    ("sync", _SYNC_FN),
    ("rest", c_void_p * 13),
)
_Vfs._fields_ = (
    ("version", c_int),
    ("file_bytes", c_int),
    ("path_bytes", c_int),
    ("next", c_void_p),
    ("name", c_char_p),
    ("data", c_void_p),
    ("open", _OPEN_FN),
    ("delete", _DELETE_FN),
    ("rest", c_void_p * 14),
)


class _Shim:
    """The file system that notes and hands on. Made once; SQLite keeps pointers into it for as long as it lives."""

    def __init__(self) -> None:
        self.recording: Recording | None = None
        self._library = ctypes.CDLL(_sqlite3.__file__)  # finds the SQLite that this module is linked with
        self._library.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._library.sqlite3_vfs_find.argtypes = [c_char_p]
        self._library.sqlite3_vfs_register.argtypes = [POINTER(_Vfs), c_int]
        self._library.sqlite3_vfs_unregister.argtypes = [POINTER(_Vfs)]
        self._below = self._library.sqlite3_vfs_find(None)
        self._open_below, self._delete_below = self._below.contents.open, self._below.contents.delete
        self._vfs = _Vfs.from_buffer_copy(self._below.contents)
        self._vfs.name = b"wardgate-recording"
        self._vfs.open, self._vfs.delete = _OPEN_FN(self._open), _DELETE_FN(self._delete)
        self._files: dict[int, int] = {}
        self._methods: dict[int, _Io] = {}

    def install(self) -> None:
        self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)

    def remove(self) -> None:
        """Connections that are still open are served until they are closed, and noted no more."""
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))

    def _open(self, _: object, path: int | None, file: Any, flags: int, flags_out: object) -> int:
        result: int = self._open_below(self._below, path, file, flags, flags_out)
        if result == 0 and path is not None and self.recording is not None:
            number = self.recording.opened(_text(path), flags)
            if number is not None:
                self._files[ctypes.addressof(file.contents)] = number
                file.contents.methods = ctypes.pointer(self._noting(file.contents.methods))
        return result

    def _delete(self, _: object, path: int, sync_directory: int) -> int:
        result: int = self._delete_below(self._below, path, sync_directory)
        if result == 0 and self.recording is not None:
            self.recording.removed(_text(path))
            if sync_directory:
                self.recording.directory_synced(os.path.dirname(_text(path)))  # noqa: PTH120 - text
        return result

    def _noting(self, below: Any) -> _Io:
        """The methods of an open file, with three of them noted on the way."""
        address = ctypes.addressof(below.contents)
        if address not in self._methods:
            methods = _Io.from_buffer_copy(below.contents)
            write, truncate, sync = below.contents.write, below.contents.truncate, below.contents.sync
            methods.write = _WRITE_FN(lambda *a: self._written(write, *a))
            methods.truncate = _TRUNCATE_FN(lambda *a: self._truncated(truncate, *a))
            methods.sync = _SYNC_FN(lambda *a: self._synced(sync, *a))
            self._methods[address] = methods
        return self._methods[address]

    def _note(self, file: Any, entry: Callable[[int], Entry]) -> None:
        if self.recording is not None:
            self.recording.log.append(entry(self._files[ctypes.addressof(file.contents)]))

    def _written(self, below: Callable[..., int], file: Any, data: int, size: int, at: int) -> int:
        self._note(file, lambda number: Write(number, at, ctypes.string_at(data, size)))
        return below(file, data, size, at)

    def _truncated(self, below: Callable[..., int], file: Any, size: int) -> int:
        self._note(file, lambda number: Truncate(number, size))
        return below(file, size)

    def _synced(self, below: Callable[..., int], file: Any, flags: int) -> int:
        result = below(file, flags)
        if result == 0 and self.recording is not None:
            self.recording.synced(self._files[ctypes.addressof(file.contents)])
        return result


def _text(address: int) -> str:
    return os.fsdecode(ctypes.string_at(address))


_shims: list[_Shim] = []


@contextmanager
def recording(directory: Path, prefix: str) -> Iterator[Recording]:
    """Write down what happens to the files of `directory` whose names begin with `prefix`."""
    shim = _shims[0] if _shims else _Shim()
    _shims[:] = [shim]
    made = shim.recording = Recording(directory, prefix)
    rename, unlink, link, fsync = os.rename, os.unlink, os.link, os.fsync

    def renamed(old: Any, new: Any, **rest: Any) -> None:
        rename(old, new, **rest)
        made.renamed(os.fspath(old), os.fspath(new))

    def unlinked(path: Any, **rest: Any) -> None:
        unlink(path, **rest)
        made.removed(os.fspath(path))

    def linked(file: Any, name: Any, **rest: Any) -> None:
        link(file, name, **rest)
        made.linked(os.fspath(file), os.fspath(name))

    def fsynced(fd: int) -> None:
        fsync(fd)
        made.directory_synced(os.readlink(f"/proc/self/fd/{fd}"))  # noqa: PTH115 - text

    shim.install()
    try:
        with (
            patch("os.rename", renamed),
            patch("os.unlink", unlinked),
            patch("os.link", linked),
            patch("os.fsync", fsynced),
        ):
            yield made
    finally:
        shim.remove()
        shim.recording = None
