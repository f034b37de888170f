"""Pages as files behind a plain server, and what Chromium makes of them on paper."""

from __future__ import annotations

import base64
import functools
import itertools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from selenium import webdriver

from wardgate.faces.assets import Assets
from wardgate.faces.templates import environment

MM_PER_POINT = 25.4 / 72


class Paper:
    """Renders the page's templates with nothing behind them."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self._numbers = itertools.count()
        assets = Assets("wardgate.page")
        self._templates = environment(assets, "wardgate.page")
        for name in ("page.css", "print.css", "print.js", "icon.svg"):
            asset = assets.at(assets.address(name))
            assert asset
            file = folder / asset.address.removeprefix("/")
            file.parent.mkdir(parents=True)
            file.write_bytes(asset.body)

    def put(self, template: str, **context: Any) -> str:
        """Where the rendered template stands."""
        html = self._templates.get_template(template).render(**context)
        name = f"{next(self._numbers)}.html"
        (self._folder / name).write_text(html, encoding="utf-8")
        return f"http://127.0.0.1:{self._port}/{name}"


@contextmanager
def paper_server(folder: Path) -> Iterator[Paper]:
    """A folder on loopback, until the end of the block."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Paper(folder, server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def sheets(window: webdriver.Chrome) -> list[tuple[float, float]]:
    """Width and height in mm of each sheet that the page in the window takes."""
    answer = window.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": False})
    pdf = base64.b64decode(answer["data"])
    boxes = re.findall(rb"/Type /Page\b[^s].*?/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf, re.DOTALL)
    assert len(boxes) == int(re.search(rb"/Type /Pages\s+/Count (\d+)", pdf)[1])  # type: ignore[index]  # or it is no PDF
    return [(round(float(w) * MM_PER_POINT, 1), round(float(h) * MM_PER_POINT, 1)) for w, h in boxes]
