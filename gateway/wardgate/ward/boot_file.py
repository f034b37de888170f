"""The file that makes a boxed hub this ward's: `wardgate.toml` for its boot partition."""

from __future__ import annotations

import json
import os
from pathlib import Path

NAME = "wardgate.toml"


def boot_file(*, hub: str, code: str, url: str, ca_pem: str, broker: str, port: int) -> str:
    """The text of the file. A string of JSON is one of TOML as well, as long as it holds no DEL."""
    return (
        f"# For the hub {hub}. Copy this file to the boot partition of its memory card.\n"
        "# The hub takes it over at its next start, and erases it. Until then it is as good as the hub's key.\n\n"
        f"[claim]\nhub = {json.dumps(hub)}\ncode = {json.dumps(code)}\n\n"
        f'[enrol]\nurl = {json.dumps(url)}\nca_pem = """\n{ca_pem.strip()}\n"""\n\n'
        f"[broker]\nhost = {json.dumps(broker)}\nport = {port}\n"
    )


def write_boot_file(directory: Path, text: str) -> Path:
    """Write it into a directory, which is made when it is missing.

    Raises:
        FileExistsError: there is one already: it may be another hub's.
        OSError: the disk refuses.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / NAME
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return path
