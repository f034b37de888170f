"""`wardgate support-bundle`: one file that says how the hub is and how it came to that, and whose it is not."""

from __future__ import annotations

import platform
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from wardgate import __version__
from wardgate.cli.doctor import diagnose
from wardgate.cli.options import PROBLEM, add_config, command, complain, load_or_exit
from wardgate.config import Config
from wardgate.contract.messages import Event
from wardgate.control.client import HubAway, call
from wardgate.control.messages import Status
from wardgate.control.metrics import exposition
from wardgate.scrub import Scrubber

EVENTS: Final = 500
LOG_LINES: Final = 2000
_UNIT: Final = "wardgate.service"
_PLACES: Final = ("host", "ca_file", "cert_file", "key_file", "username", "password_file")


def main(words: list[str]) -> int:
    parser = command(
        "support-bundle",
        "Write a report for support: configuration, status, events, findings of the doctor, and the log. Names, "
        "addresses and the values of readings are taken out; look into it before you send it.",
    )
    add_config(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to (default: ./wardgate-support-DATE.zip)")
    options = parser.parse_args(words)
    config = load_or_exit(options.config)
    out = options.out or Path(f"wardgate-support-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip")
    try:
        write(out, config, options.config)
    except OSError as error:
        complain(f"The report cannot be written: {error}.", "Name another place with --out.")
        return PROBLEM
    print(f"Wrote {out}. Nothing in it names the patient; look into it before you send it.")
    return 0


def write(out: Path, config: Config, path: Path) -> None:
    """Gather everything, scrub it, and put it into a zip that only its owner may read.

    Raises:
        OSError: the file cannot be written.
    """
    status, hub_says = _asked(Path(config.hub.control_socket))
    scrubber = Scrubber(identifiers(config, status))
    out.touch(mode=0o600)
    out.chmod(0o600)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as report:
        for name, text in [*_parts(config, path), *hub_says]:
            report.writestr(name, scrubber.scrub(text))


def identifiers(config: Config, status: Status | None = None) -> dict[str, str]:
    """What in this hub's words names somebody or something, with what it is."""
    known = {config.hub.patient: "patient", config.hub.assignment: "assignment", config.hub.id: "hub"}
    for device in config.device:
        known |= {word: "device" for word in (device.address, device.port) if word}
    known |= {str(word): name for name in _PLACES if (word := getattr(config.broker, name)) is not None}
    known[platform.node()] = "machine"
    if status is not None and status.way is not None and status.way.reading.device.serial:
        known[status.way.reading.device.serial] = "serial"
    return {word: kind for word, kind in known.items() if word}


def _parts(config: Config, path: Path) -> Iterator[tuple[str, str]]:
    about = {"version": __version__, "python": platform.python_version(), "platform": platform.platform()}
    yield "about.json", _pretty({**about, "made": datetime.now(UTC).isoformat(timespec="seconds")})
    yield "configuration.json", _pretty(msgspec.to_builtins(config))
    yield "doctor.json", _pretty([msgspec.to_builtins(check) for check in diagnose(path)])
    yield "log.txt", _log()


def _asked(socket: Path) -> tuple[Status | None, list[tuple[str, str]]]:
    """What the running hub says of itself; why not, where it does not."""
    try:
        status: Status = call(socket, "status")
        events: tuple[Event, ...] = call(socket, "events", limit=EVENTS)
    except HubAway as error:
        return None, [("hub-away.txt", f"{error.sentence}\n{error.what_to_do}\n")]
    return status, [
        ("status.json", _pretty(without_values(status))),
        ("metrics.txt", exposition(status)),
        ("events.json", _pretty([msgspec.to_builtins(event) for event in events])),
    ]


def without_values(status: Status) -> dict[str, Any]:
    """The status without what was measured: of the last reading when it passed where, of an alert its life."""
    plain: dict[str, Any] = msgspec.to_builtins(status)
    way = plain.pop("way")
    alerts = plain.pop("open_alerts")
    life = ("id", "revision", "state", "priority", "kind", "rule", "rule_version", "raised", "changed")
    return {
        **plain,
        "way": None if way is None else {k: v for k, v in way.items() if k != "reading"},
        "open_alerts": [{key: alert[key] for key in life} for alert in alerts],
        "trials": [{**trial, "last_sentence": ""} for trial in plain.get("trials", [])],
    }


def _log() -> str:
    """The end of the service's log; what there is instead where nobody keeps one, or this user may not read it."""
    program = shutil.which("journalctl")
    if program is None:
        return "This machine has no journal.\n"
    words = [program, "--unit", _UNIT, "--lines", str(LOG_LINES), "--output", "short-iso", "--no-pager"]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    return done.stdout or done.stderr


def _pretty(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
