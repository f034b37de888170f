"""The options of the ward's commands that lead to the broker."""

from __future__ import annotations

import argparse

from wardgate.config import Broker


def add_broker(parser: argparse.ArgumentParser) -> None:
    """`--host`, and how to get in."""
    parser.add_argument("--host", required=True, help="name or address of the MQTT broker")
    parser.add_argument("--port", type=int, help="its port (default: 8883, or 1883 with --no-tls)")
    parser.add_argument("--protocol", choices=("5", "3.1.1"), default="5", help="MQTT version (default: 5)")
    parser.add_argument("--no-tls", action="store_true", help="talk to the broker in the clear")
    parser.add_argument("--ca-file", help="authority that signed the broker's certificate")
    parser.add_argument("--cert-file", help="this ward's certificate")
    parser.add_argument("--key-file", help="its private key")
    parser.add_argument("--username", help="where the broker wants one")
    parser.add_argument("--password-file", help="file with the password")


def broker(options: argparse.Namespace) -> Broker:
    """What they say."""
    return Broker(
        host=options.host,
        port=options.port or (1883 if options.no_tls else 8883),
        tls=not options.no_tls,
        protocol=options.protocol,
        ca_file=options.ca_file,
        cert_file=options.cert_file,
        key_file=options.key_file,
        username=options.username,
        password_file=options.password_file,
    )
