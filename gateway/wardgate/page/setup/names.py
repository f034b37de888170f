"""What the hub is called on the home's network, and by which of these a phone is sent to it."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from typing import Final

_AVAHI: Final = Path("/run/avahi-daemon/socket")
"""Where this is, the hub answers to its name with `.local`."""
_ELSEWHERE: Final = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Addresses for documentation: nothing is sent, the system only says from where it would be."""


def own_names() -> frozenset[str]:
    """Names; which addresses are the hub's, every connection says itself."""
    name = socket.gethostname().partition(".")[0].lower()
    return frozenset({name, f"{name}.local", "localhost"})


def address_of(port: int, listen: str) -> str:
    """`https://kitchen-7.local:8443` where the network knows such names, else by number. A door that is on this machine
    alone is called so.
    """
    if listen in ("localhost", "::1") or listen.startswith("127."):
        return f"https://localhost:{port}"
    if _AVAHI.exists():
        return f"https://{socket.gethostname().partition('.')[0].lower()}.local:{port}"
    number = own_number()
    return f"https://{f'[{number}]' if ':' in number else number}:{port}"


def own_number() -> str:
    """The hub's address towards the rest of the network; loopback while it has none."""
    for far, family in _ELSEWHERE:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            try:
                asked.connect((far, 9))
            except OSError:
                continue
            return str(asked.getsockname()[0])
    return "127.0.0.1"


def plain(address: str) -> str:
    """An address as it is written everywhere: an IPv4 one stays one when it comes through an IPv6 socket.

    What is no address is returned as it is.
    """
    try:
        number = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = number.ipv4_mapped if isinstance(number, ipaddress.IPv6Address) else None
    return str(mapped or number)
