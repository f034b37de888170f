"""The hub's log: a line an event, with the level that journald understands, and a budget.

A fault that repeats itself a thousand times a minute would wear the memory card and bury its own cause. Of lines that
differ in their figures alone only so many are written in a span; what was left out is counted and told.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Final

SPAN_S: Final = 600.0
A_KIND: Final = 20
"""Lines of one logger and one wording in a span."""
ALL: Final = 600
"""Lines of all kinds in a span; errors are exempt from this one."""
_CHATTY: Final = ("asyncio", "bleak", "bumble", "dbus_fast")
_PRIORITY: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


class Budget(logging.Filter):
    """Lets through what is within the budget. What was left out is told with the first line of the next span."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._span_began_s = now_s()
        self._kinds: dict[tuple[str, str], int] = {}
        self._all = 0
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        now_s = self._now_s()
        if now_s - self._span_began_s >= SPAN_S:
            if self._left_out:
                record.msg = f"{record.msg} [{self._left_out} lines were left out of the log before this one]"
            self._span_began_s, self._kinds, self._all, self._left_out = now_s, {}, 0, 0
        kind = (record.name, str(record.msg))
        seen = self._kinds[kind] = self._kinds.get(kind, 0) + 1
        self._all += 1
        if seen <= A_KIND and (self._all <= ALL or record.levelno >= logging.ERROR):
            return True
        self._left_out += 1
        return False


class JsonLines(logging.Formatter):
    """One JSON object a line: level, logger, message, and the trace where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, str | float] = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class Journal(logging.Formatter):
    """A line with its priority in front, as sd-daemon(3) has it; every line of a trace too."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        level = next((number for least, number in _PRIORITY if record.levelno >= least), 7)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).splitlines())


def configure(*, verbose: bool, as_json: bool = False) -> None:
    """Log to standard error. journald adds the time."""
    plain = "%(levelname)s %(name)s: %(message)s"
    handler = logging.StreamHandler(sys.stderr)
    if as_json:
        handler.setFormatter(JsonLines())
    else:
        handler.setFormatter(Journal(plain) if os.environ.get("JOURNAL_STREAM") else logging.Formatter(plain))
    if not verbose:
        handler.addFilter(Budget())
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
