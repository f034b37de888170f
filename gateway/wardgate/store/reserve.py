"""A little disk space kept back, so that on a full disk an alert can still be stored."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path
from typing import Final

RESERVE_BYTES: Final = 4 * 1024 * 1024
"""Some thousand alerts with their pages of the write-ahead log."""
START_BYTES: Final = 1024 * 1024
"""What opening a database may need: its shared memory, and some pages of its log."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Reserve:
    """A file of nothing. `release` gives its space to whoever is quick, `restore` takes it back when there is room."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size
        self.held = False
        self.restore()

    def restore(self) -> bool:
        """False when the disk is too full for it. A file system that knows no reserve counts as having room."""
        if self.held:
            return True
        try:
            fd = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
        except OSError as error:
            return error.errno not in _FULL
        try:
            os.posix_fallocate(fd, 0, self._size)
            self.held = True
        except OSError as error:
            # Half of a reserve would only make the shortage worse.
            self._path.unlink(missing_ok=True)
            return error.errno not in _FULL
        finally:
            os.close(fd)
        return True

    def release(self) -> bool:
        """Whether there was something to give."""
        if not self.held:
            return False
        self.held = False
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        return True


def make_room(path: Path) -> None:
    """Before the start on a disk that is full: without the reserve's space the database would not even open."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage(path.parent).free < START_BYTES:
            path.unlink(missing_ok=True)
