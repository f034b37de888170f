"""Something that stands at a ward's address with the ward's certificate, and answers as it is told to."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

from tests.support.authority import Ward

Answer = Callable[[ssl.SSLSocket, threading.Event], None]


def said(status: str, body: bytes) -> Answer:
    """One answer, whole."""

    def answer(wire: ssl.SSLSocket, over: threading.Event) -> None:
        del over
        wire.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    return answer


@contextlib.contextmanager
def odd(ward: Ward, answer: Answer) -> Iterator[int]:
    """Something at the ward's address that has the ward's certificate; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ward.server, ward.server_key)
    over = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            plain, _ = listener.accept()
            with context.wrap_socket(plain, server_side=True) as wire:
                _asked(wire)
                answer(wire, over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join(60)


def _asked(wire: ssl.SSLSocket) -> None:
    """Hear the whole request: whoever hangs up before is taken for one that is away."""
    head, end, body = b"", b"", b""
    while not end:
        if not (more := wire.recv(65536)):
            return
        head, end, body = (head + more).partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *([0-9]+)", head)
    left = (int(length[1]) if length else 0) - len(body)
    while left > 0 and (more := wire.recv(65536)):
        left -= len(more)
