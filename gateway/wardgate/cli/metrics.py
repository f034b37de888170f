"""`wardgate metrics`: the hub's figures for Prometheus, once or on request."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from wardgate.cli.options import HUB_AWAY, PROBLEM, add_config, bare_or_exit, command, complain
from wardgate.control.client import HubAway, call
from wardgate.control.messages import Status
from wardgate.control.metrics import CONTENT_TYPE, exposition
from wardgate.control.protocol import ControlError


def main(words: list[str]) -> int:
    """Exit status 1 while the hub has no patient, 69 when it does not answer."""
    parser = command("metrics", "Print the hub's figures in Prometheus' text format, or serve them on this machine.")
    add_config(parser)
    parser.add_argument(
        "--listen", type=int, metavar="PORT", help="serve http://127.0.0.1:PORT/metrics until it is interrupted"
    )
    options = parser.parse_args(words)
    socket = bare_or_exit(options.config).control_socket
    if options.listen is not None:
        return _serve(socket, options.listen)
    try:
        status: Status = call(socket, "status")
    except HubAway as error:
        complain(error.sentence, error.what_to_do)
        return HUB_AWAY
    except ControlError as error:
        complain(error.sentence, error.what_to_do)
        return PROBLEM
    sys.stdout.write(exposition(status))
    return 0


def _serve(socket: Path, port: int) -> int:
    class Handler(BaseHTTPRequestHandler):
        """One address, reading only."""

        def do_GET(self) -> None:
            if self.path != "/metrics":
                self._answer(404, "text/plain", "Here is only /metrics.\n")
                return
            try:
                status: Status = call(socket, "status")
            except ControlError as error:
                self._answer(503, "text/plain", f"{error.sentence}\n")
                return
            self._answer(200, CONTENT_TYPE, exposition(status))

        def _answer(self, code: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server calls
            """A line a scrape is nobody's news."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        complain(f"The port {port} cannot be had: {error}.", "Name another with --listen.")
        return PROBLEM
    print(f"http://127.0.0.1:{server.server_address[1]}/metrics", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
    return 0
