"""`wardgate ward claim-sheet`: all that a boxed hub needs to become this ward's, in one act."""

from __future__ import annotations

import argparse
import contextlib
import urllib.parse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes

from wardgate.cli.options import PROBLEM, command, complain
from wardgate.ward.boot_file import NAME, boot_file, write_boot_file
from wardgate.ward.ca import Authority, is_hub
from wardgate.ward.sheets import claim_sheet

_BROKER_PORT: Final = 8883


def main(words: list[str]) -> int:
    """Exit status 0 well, 1 it could not be done, 2 wrong usage."""
    parser = command(
        "ward claim-sheet",
        "A claim code for a hub, with all that the technician and the hub need for it: a sheet to print, and the file "
        f"{NAME} for the hub's boot partition. Earlier codes of this hub open no more.",
    )
    parser.add_argument("hub", help="the hub's id")
    parser.add_argument(
        "--directory", type=Path, default=Path("ca"), metavar="DIR", help="the authority's own (default: ca)"
    )
    parser.add_argument(
        "--endpoint", type=_url, required=True, metavar="URL", help="where hubs enrol: https://enrol.example.org:8085"
    )
    parser.add_argument(
        "--broker", type=_broker, metavar="HOST[:PORT]", help=f"(default: the endpoint's host, {_BROKER_PORT})"
    )
    parser.add_argument("--hours", type=float, default=72.0, help="how long the code is good for (default: 72)")
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"where {NAME} goes (default: a directory HUB here)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the sheet there as well, to print")
    options = parser.parse_args(words)
    if not is_hub(options.hub):
        parser.error(f"`{options.hub}` is no hub's id: small letters, digits and hyphens, 63 at most.")
    try:
        return _made(options, options.out or Path(options.hub))
    except FileExistsError as error:
        complain(f"There is a {error.filename} already.", "It may be another hub's. Move it, or give --out.")
    except FileNotFoundError as error:
        complain(f"There is no {error.filename}.", "Make an authority: wardgate ward ca --directory DIR new NAME")
    except OSError as error:
        complain(str(error))
    return PROBLEM


def _made(options: argparse.Namespace, out: Path) -> int:
    if (out / NAME).exists():
        raise FileExistsError(0, "", str(out / NAME))
    until = datetime.now(UTC) + timedelta(hours=options.hours)
    broker, port = options.broker or (urllib.parse.urlsplit(options.endpoint).hostname or "", _BROKER_PORT)
    with contextlib.closing(Authority(options.directory)) as authority:
        fingerprint = authority.root.fingerprint(hashes.SHA256()).hex()
        ca_pem = (options.directory / "ca.pem").read_text(encoding="ascii")
        code = authority.register.give_code(options.hub, timedelta(hours=options.hours), datetime.now(UTC))
    text = boot_file(hub=options.hub, code=code, url=options.endpoint, ca_pem=ca_pem, broker=broker, port=port)
    file = write_boot_file(out, text)
    sheet = claim_sheet(
        hub=options.hub, code=code, endpoint=options.endpoint, fingerprint=fingerprint, until=until.astimezone()
    )
    print(sheet.text(), end="")
    print(f"Written: {file}")
    if options.html:
        options.html.write_text(sheet.page(), encoding="utf-8")
    return 0


def _url(text: str) -> str:
    parts = urllib.parse.urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or not text.isprintable():
        raise argparse.ArgumentTypeError(f"`{text}` does not look like https://enrol.example.org:8085.")
    return text


def _broker(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    try:
        return (host, int(port)) if colon else (text, _BROKER_PORT)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"`{text}` does not look like broker.example.org:8883.") from error
