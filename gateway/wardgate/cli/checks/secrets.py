"""What nobody but the hub may read, and how long its certificate holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wardgate.cli.checks.check import Check, problem, well
from wardgate.clock import Clock
from wardgate.config import Bare, Config
from wardgate.counted import count
from wardgate.enrol.identity import directory
from wardgate.enrol.renewal import warned_from
from wardgate.enrol.validity import validity

_NAME: Final = "secrets"
_OTHERS: Final = 0o007
_GROUP_AND_OTHERS: Final = 0o077


def secrets(config: Config | Bare) -> Check:
    """Whether keys, passwords, the database and the control socket are closed to everybody else."""
    closed, total = [], 0
    for path, forbidden in _places(config):
        try:
            mode = path.stat().st_mode
        except PermissionError:
            return problem(_NAME, f"This user may not look at {path}.", "Run this command with sudo.")
        except FileNotFoundError:
            continue
        total += 1
        if mode & forbidden:
            closed.append((path, "go=" if forbidden == _GROUP_AND_OTHERS else "o="))
    if not closed:
        return well(_NAME, f"Keys, passwords, database and control socket are the hub's alone ({total} looked at).")
    named = ", ".join(str(path) for path, _ in closed)
    commands = "; ".join(f"sudo chmod {how} {path}" for path, how in closed)
    return problem(_NAME, f"Other users of this machine can reach {named}.", f"Run: {commands}")


def _places(config: Config | Bare) -> Iterator[tuple[Path, int]]:
    """Each secret that is there, and who may not have it."""
    broker = config.broker
    for name in () if broker is None else (broker.key_file, broker.password_file):
        if name is not None:
            yield Path(name), _GROUP_AND_OTHERS
    yield config.data_dir, _GROUP_AND_OTHERS
    for suffix in ("", "-wal", "-shm"):
        yield config.database.with_name(config.database.name + suffix), _GROUP_AND_OTHERS
    pairs = directory(config.data_dir)
    if pairs.is_dir():
        for path in (pairs, *sorted(p for p in pairs.rglob("*") if not p.is_symlink())):
            yield path, _GROUP_AND_OTHERS
    yield Path(config.hub.control_socket), _OTHERS  # its directory's group may be meant to reach it


def certificate(config: Config | Bare, clock: Clock) -> Iterator[Check]:
    """How long the hub's certificate holds; nothing where it has none."""
    name, file = "certificate", None if config.broker is None else config.broker.cert_file
    if file is None or config.hub.id is None:
        return
    renew = (
        "Ask the ward for a claim code and run: sudo wardgate enrol --code CODE"
        if config.enrol.url
        else "Put a new pair in place of broker.cert_file and broker.key_file."
    )
    try:
        held = validity(Path(file))
    except FileNotFoundError:
        yield problem(name, f"This hub has no certificate: there is no {file}.", renew)
        return
    except PermissionError:
        yield problem(name, f"This user may not read {file}.", "Run this command with sudo.")
        return
    except (OSError, ValueError) as error:
        yield problem(name, f"The hub's certificate cannot be used: {error}.", renew)
        return
    until = f"{held.not_after:%d %B %Y}"
    if not clock.synchronised():
        yield well(name, f"The hub's certificate ends on {until}; this machine does not know today's date.")
        return
    left = count((held.not_after - clock.utc()).days, "day")
    if clock.utc() < warned_from(held):
        how = "it renews itself" if config.enrol.url else "somebody has to replace it before"
        yield well(name, f"The hub's certificate holds for another {left}, until {until}; {how}.")
    elif clock.utc() < held.not_after:
        yield problem(name, f"The hub's certificate ends in {left}, on {until}, and was not renewed.", renew)
    else:
        yield problem(name, f"The hub's certificate ended on {until}: nothing reaches the ward.", renew)
