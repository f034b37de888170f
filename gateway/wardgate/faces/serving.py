"""How pages are served: a listening socket, HTTP in which nobody is waited for without end, and a stop at once."""

from __future__ import annotations

import socket as sockets
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from wardgate.faces.wire import PromptHttp

LOOPBACK: Final = "127.0.0.1"


class Server(uvicorn.Server):
    """Ends the open streams before it waits for them."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[sockets.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def spoken(app: ASGIApp, **more: Any) -> uvicorn.Config:
    """How pages speak HTTP: no header of a proxy is believed, nobody who asks is logged; `more` is uvicorn's own."""
    return uvicorn.Config(
        app,
        http=PromptHttp,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        **more,
    )


def listening(address: str, port: int) -> sockets.socket:
    """A listening socket; `::` takes both families. A browser that comes before the server does is kept waiting, not
    refused.

    Raises:
        OSError: the address or the port is not to be had.
    """
    both = address == "::" and sockets.has_dualstack_ipv6()
    if address == "::" and not both:
        address = ""
    listener = sockets.socket(sockets.AF_INET6 if ":" in address else sockets.AF_INET, sockets.SOCK_STREAM)
    try:
        listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        if both:
            listener.setsockopt(sockets.IPPROTO_IPV6, sockets.IPV6_V6ONLY, 0)
        listener.bind((address, port))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener
