"""A fault that repeats itself leaves a line now and then, and how often it was."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

import pytest

from wardgate.capture.journal import Journal as Events
from wardgate.clock import SystemClock
from wardgate.contract.messages import Event
from wardgate.logs import A_KIND, ALL, SPAN_S, Budget, Journal, JsonLines


class Time:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def line(message: str, *args: object, level: int = logging.WARNING, name: str = "wardgate.x") -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, message, args, None)


def test_of_lines_that_differ_in_figures_alone_some_are_written() -> None:
    time = Time()
    budget = Budget(time)
    written = [budget.filter(line("no word from %s", n)) for n in range(A_KIND + 30)]
    assert written == [True] * A_KIND + [False] * 30
    assert budget.filter(line("something else"))
    assert budget.filter(line("no word from %s", 1, name="wardgate.y"))


def test_what_was_left_out_is_told_in_the_next_span() -> None:
    time = Time()
    budget = Budget(time)
    for n in range(A_KIND + 30):
        budget.filter(line("no word from %s", n))
    time.now_s = SPAN_S
    record = line("no word from %s", "scale")
    assert budget.filter(record)
    assert record.getMessage() == "no word from scale [30 lines were left out of the log before this one]"
    after = line("no word from %s", "scale")
    assert budget.filter(after)
    assert after.getMessage() == "no word from scale"


def test_an_error_is_written_when_all_else_is_spent() -> None:
    budget = Budget(Time())
    for n in range(ALL):
        budget.filter(line(f"kind {n}"))
    assert not budget.filter(line("a new kind", level=logging.INFO))
    assert budget.filter(line("a fault", level=logging.ERROR))


async def test_what_somebody_sent_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """The reason why something is refused may repeat what was sent, thousands of times."""
    kept: list[Event] = []

    def put(event: Event) -> asyncio.Future[int]:
        kept.append(event)
        return asyncio.get_running_loop().create_future()

    events = Events("hub-1", SystemClock(), put, lambda _: None)
    events.tell("configuration-refused", "attention", "`x` is none. " * 9999)
    (event,), (line,) = kept, caplog.messages
    assert len(event.sentence) == 500
    assert len(line) < 600


def test_a_line_of_json() -> None:
    try:
        raise ValueError("no number")
    except ValueError:
        record = line('the "scale" said %s', "ü")
        record.exc_info = sys.exc_info()
    told = json.loads(JsonLines().format(record))
    assert told["message"] == 'the "scale" said ü'
    assert (told["level"], told["logger"]) == ("warning", "wardgate.x")
    assert "ValueError: no number" in told["trace"]


def test_every_line_has_its_priority_for_the_journal() -> None:
    assert Journal("%(message)s").format(line("one\ntwo", level=logging.ERROR)) == "<3>one\n<3>two"
    assert Journal("%(message)s").format(line("well", level=logging.INFO)) == "<6>well"
