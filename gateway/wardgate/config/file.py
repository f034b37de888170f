"""From a hub's file, and what was set up on it, to what holds."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from wardgate import installation
from wardgate.checked import Unusable, converted
from wardgate.config.contradictions import contradictions
from wardgate.config.sections import DATA_DIR
from wardgate.config.whole import Bare, Config
from wardgate.installation import Record

_NO_PATIENT: Final = (
    "No patient was given to this hub yet. Set it up on the technician's page or with `wardgate provision`, or name "
    "hub.id, hub.patient and hub.assignment in the file."
)


_C = TypeVar("_C", Config, Bare)


class ConfigError(ValueError):
    """The configuration cannot be used. `problems` holds one sentence for each thing to mend."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        lines = "\n".join(f"  - {p}" for p in problems)
        super().__init__(f"{path} cannot be used:\n{lines}")


class NotAssigned(ConfigError):
    """There is nothing to mend: this hub has no patient yet."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, [_NO_PATIENT])


class NotReadable(ConfigError):
    """There is nothing to mend: this user may not read what was set up on the hub."""

    def __init__(self, path: Path, why: OSError) -> None:
        super().__init__(path, [f"What was set up on this hub cannot be read: {why}."])


def load(path: Path) -> Config:
    """Read a file, lay over it what was set up on this hub, and check the whole.

    Raises:
        NotAssigned: neither names a patient.
        NotReadable: this user may not read what was set up.
        ConfigError: it cannot be read, is no TOML, or says something that cannot be.
    """
    raw = _tables(_text(path), path)
    record = _record(raw, path)
    if not installation.names_patient(raw) and record.patient is None:
        _bare(raw, path)
        raise NotAssigned(path)
    return _checked(installation.over(raw, record), path)


def load_over(path: Path, record: Record) -> Config:
    """What would hold for a hub with a patient if this were what was set up on it.

    Raises:
        ConfigError: see `load`.
    """
    return _checked(installation.over(_tables(_text(path), path), record), path)


def load_bare(path: Path) -> Bare:
    """Read what a hub's own file says, for whoever runs before the hub has a patient, or may not read its directory.

    Raises:
        ConfigError: see `load`.
    """
    return _bare(_tables(_text(path), path), path)


def bare_over(path: Path, record: Record) -> Bare:
    """What holds for a hub that has no patient yet: its file, with what was set up so far.

    Raises:
        ConfigError: see `load`.
    """
    return _bare(installation.over(_tables(_text(path), path), record), path)


def parse(text: str, path: Path) -> Config:
    """Check the text of a configuration alone; `path` stands in the error.

    Raises:
        ConfigError: see `load`.
    """
    return _checked(_tables(text, path), path)


def checked_whole(config: Config) -> Config:
    """A configuration that was put together by the program, checked as a file is.

    Raises:
        Unusable: it says something that cannot be.
    """
    whole = converted(msgspec.to_builtins(config), Config)
    problems = contradictions(whole)
    if problems:
        raise Unusable(problems)
    return whole


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(path, ["There is no such file. Write one, or name another with --config."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, [f"It cannot be read: {error}."]) from error


def _tables(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [f"It is no TOML: {error}."]) from error


def _record(raw: dict[str, Any], path: Path) -> Record:
    """What was set up. Where the file itself names the patient, it is good enough alone."""
    hub = raw.get("hub")
    data_dir = hub.get("data_dir", DATA_DIR) if isinstance(hub, dict) else DATA_DIR
    by_file = installation.names_patient(raw)
    try:
        return installation.read(Path(str(data_dir)))
    except Unusable as error:
        if by_file:
            return Record()
        raise ConfigError(path, error.problems) from error
    except OSError as error:
        if by_file:
            return Record()
        raise NotReadable(path, error) from error


def _checked(raw: dict[str, Any], path: Path) -> Config:
    try:
        config = converted(raw, Config)
    except Unusable as error:
        raise ConfigError(path, error.problems) from error
    problems = contradictions(config)
    if problems:
        raise ConfigError(path, problems)
    return _with_own_pair(config)


def _bare(raw: dict[str, Any], path: Path) -> Bare:
    """A [broker] without a host waits for one: how to reach the ward may come later."""
    broker = raw.get("broker")
    if isinstance(broker, dict) and "host" not in broker:
        raw = {name: table for name, table in raw.items() if name != "broker"}
    try:
        bare = converted(raw, Bare)
    except Unusable as error:
        raise ConfigError(path, error.problems) from error
    problems = contradictions(bare)
    if problems:
        raise ConfigError(path, problems)
    return _with_own_pair(bare)


def _with_own_pair(config: _C) -> _C:
    """A hub that enrols has its pair where it keeps it itself."""
    if config.enrol.url is None or config.broker is None:
        return config
    pair = config.data_dir / "identity" / "current"
    broker = msgspec.structs.replace(config.broker, cert_file=str(pair / "hub.pem"), key_file=str(pair / "hub.key"))
    return msgspec.structs.replace(config, broker=broker)
