"""A file that is replaced as a whole: after a power cut it holds what it held before, or what it holds now."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in the place of another, readable by its owner alone from its first byte on.

    Raises:
        OSError: the disk refuses; what was there stays.
    """
    part = path.with_name(path.name + ".new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync(path.parent)


def erase(path: Path) -> None:
    """Overwrite a file, then remove it. On a card that spreads its writes the old bytes may outlive this.

    Raises:
        OSError: the disk refuses.
    """
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        file.write(b"\0" * size)
        file.flush()
        os.fsync(file.fileno())
        file.truncate(0)
        os.fsync(file.fileno())
    path.unlink()
    sync(path.parent)


def sync(directory: Path) -> None:
    """What was made, renamed or removed in a directory is so after a power cut, too."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
