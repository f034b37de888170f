"""Step 4: a reading taken now, and its way Seen, Stored, Broker, Ward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import LEFT_OUT, Added, Installation, TestRun, TestWay
from wardgate.faces.words import Times, listed, span
from wardgate.page.devices import TITLES
from wardgate.page.setup.devices_view import full_name, long_noun, noun
from wardgate.page.setup.pictures import Word, emphasised
from wardgate.page.setup.step import NoSuchPage, Shown, Visit
from wardgate_drivers.model.wake import wake_words

Door = Literal["done", "waiting", "not-yet", "none"]


class TestStep:
    """`/setup/test`: one test reading at a time, and which devices have had theirs."""

    __test__ = False  # its name is no promise to pytest
    number: Final = 4
    name: Final = "test"
    title: Final = "Take a test reading"

    async def show(self, visit: Visit) -> Shown:
        """See `Step.show`."""
        if visit.path:
            return _leaving_out(_device_at(visit))
        view = reading_view(visit.seen, visit.times)
        return Shown(
            template="setup/steps_test.html",
            title="Take a test reading",
            said=view.said,
            context={"view": view},
            parts={
                "run": "setup/steps_test_run.html",
                "tested": "setup/steps_test_devices.html",
                "next": "setup/steps_test_next.html",
            },
        )

    async def act(self, visit: Visit, act: str) -> str:
        """See `Step.act`."""
        match act:
            case "leave-out" if visit.path:
                await _leave_out(visit, _device_at(visit))
            case _ if visit.path:
                raise NoSuchPage
            case "begin" if visit.form.get("device") in {device.id for device in visit.seen.devices}:
                await visit.hub.do("test_begin", device=visit.form["device"])
            case "end":
                await visit.hub.do("test_end")
            case _:
                raise NoSuchPage
        return "/setup/test"


def _device_at(visit: Visit) -> Added:
    found = next((device for device in visit.seen.devices if visit.path == (device.id,)), None)
    if found is None:
        raise NoSuchPage
    return found


def _leaving_out(device: Added) -> Shown:
    return Shown(
        template="setup/steps_test_leave_out.html",
        title=f"Leave the {long_noun(device.model.kind)} out?",
        said="The hub can be locked without its test reading. The checklist says why.",
        context={"noun": noun(device.model.kind), "reasons": [(key, words, "") for key, words in LEFT_OUT.items()]},
        fields={"choose-reason": "reason"},
    )


async def _leave_out(visit: Visit, device: Added) -> None:
    reason = visit.form.get("reason", "")
    if reason not in LEFT_OUT:
        raise ControlError("choose-reason", "The checklist has to say why.", "Choose the reason that fits best.")
    visit.session.said = (await visit.do("leave_out", device=device.id, reason=reason)).sentence


@dataclass(frozen=True, slots=True)
class Node:
    """One door that the reading passes."""

    name: str
    state: Door
    said: str
    when: str


@dataclass(frozen=True, slots=True)
class Run:
    """The test reading of one device, from before it is seen until the ward has it."""

    device: str
    noun: str
    kind: str
    instruction: tuple[Word, ...]
    nodes: tuple[Node, ...]
    said: str
    tone: Literal["good", "waiting", "problem", "none"]
    left: str
    again: bool
    """Nothing came in time: it can be begun again."""
    over: bool
    """Nothing more is waited for."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A device and whether the ward has a test reading of it."""

    id: str
    kind: str
    title: str
    noun: str
    name: str
    tone: Literal["good", "none"]
    word: str
    why: str
    """Why it was left out."""


@dataclass(frozen=True, slots=True)
class TestView:
    """Everything that the fourth step says."""

    run: Run | None
    devices: tuple[Tested, ...]
    said: str
    done: bool


def reading_view(installation: Installation, times: Times) -> TestView:
    """The step as it stands."""
    has_it = "The ward has it" if installation.ward_can_confirm else "Sent"
    devices = tuple(_tested(device, times, has_it) for device in installation.devices)
    run = installation.test
    tested = next((device for device in installation.devices if run and device.id == run.device), None)
    return TestView(
        run=_run(run, tested, times) if run and tested else None,
        devices=devices,
        said=_how_far(run, noun(tested.model.kind)) if run and tested else _so_far(installation),
        done=bool(devices) and not any(missing.step == 4 for missing in installation.missing),
    )


def _tested(device: Added, times: Times, has_it: str) -> Tested:
    at = device.tested
    return Tested(
        id=device.id,
        kind=device.model.kind,
        title=TITLES[device.model.kind],
        noun=noun(device.model.kind),
        name=full_name(device.model),
        tone="good" if at else "none",
        word=f"{has_it}, {times.clock(at)}" if at else "Left out" if device.left_out else "Not tested yet",
        why="" if at else device.left_out,
    )


def _so_far(installation: Installation) -> str:
    devices = installation.devices
    waiting = [f"the {long_noun(d.model.kind)}" for d in devices if d.tested is None and not d.left_out]
    if not devices:
        return "No device is added yet. Add one first."
    if waiting:
        return f"Still to test: {listed(waiting)}."
    if any(device.left_out and device.tested is None for device in devices):
        return "Every device is tested or left out."
    every = "this device" if len(devices) == 1 else "every device"
    if not installation.ward_can_confirm:
        return f"A test reading of {every} is sent."
    return f"The ward has a test reading of {every}."


def _how_far(run: TestRun, name: str) -> str:
    """Through which doors it has come."""
    if run.ward is not None:
        return f"The ward has a test reading of the {name}."
    if run.broker is not None:
        return f"The reading of the {name} is seen, stored and sent."
    if run.stored is not None:
        return f"The reading of the {name} is seen and stored."
    return f"The {name} was heard." if run.seen is not None else f"Nothing is heard from the {name} yet."


def _run(run: TestRun, device: Added, times: Times) -> Run:
    name = noun(device.model.kind)
    nodes = tuple(_nodes(run, device, times))
    lost = run.seen is None and run.left_s is None
    said, tone = _said(run, name)
    return Run(
        device=device.id,
        noun=name,
        kind=device.model.kind,
        instruction=emphasised(_asked(device)),
        nodes=nodes,
        said=said,
        tone=tone,
        left="" if run.left_s is None or run.seen is not None else f"{span(run.left_s)} left",
        again=lost,
        over=lost or not any(node.state == "waiting" for node in nodes),
    )


def _asked(device: Added) -> str:
    """Who does what: anybody's reading will do, since it is marked as a test."""
    if device.model.kind == "scale":
        return "Ask the patient to stand on the scale, or stand on it yourself."
    return wake_words(device.model.wake).use


def _nodes(run: TestRun, device: Added, times: Times) -> Iterator[Node]:
    kind = device.model.kind
    seen_as = f"{TITLES[kind]}, {run.sentence}" if run.sentence else TITLES[kind]
    doors: tuple[tuple[str, datetime | None, str, str], ...] = (
        ("Seen", run.seen, seen_as, f"Waiting for the {noun(kind)}"),
        ("Stored", run.stored, "Safe on this hub", "Waiting for the hub to keep it"),
        ("Broker", run.broker, "Sent", "Waiting for the broker to take it"),
        ("Ward", run.ward, "The ward has it", "Waiting for the ward to say it has it"),
    )
    before = True
    for name, at, done, waiting in doors:
        if at is not None:
            yield Node(name, "done", done, times.clock_s(at) if name == "Seen" else _after(run, at))
        elif name == "Ward" and not run.ward_can_confirm:
            yield Node(name, "none", "This ward does not answer", "")
        elif before and not (name == "Seen" and run.left_s is None):
            yield Node(name, "waiting", waiting, _seconds(run.waiting_s))
        else:
            yield Node(name, "not-yet", "No reading came" if name == "Seen" else "Not yet", "")
        before = at is not None


def _after(run: TestRun, at: datetime) -> str:
    """`0.3 s`: since it was seen."""
    seconds = (at - run.seen).total_seconds() if run.seen else 0.0
    if seconds >= 10:
        return f"{seconds:.0f} s"
    return f"{seconds:.1f} s" if seconds >= 0.1 else f"{max(seconds, 0.01):.2f} s"


def _seconds(waiting_s: float | None) -> str:
    return "" if waiting_s is None else f"{waiting_s:.0f} s"


def _said(run: TestRun, name: str) -> tuple[str, Literal["good", "waiting", "problem", "none"]]:
    if run.ward is not None:
        return "The ward has it. It is marked as a test.", "good"
    if run.seen is None and run.left_s is None:
        return f"No reading came in time. Wake the {name} and try again.", "problem"
    if run.seen is None:
        return "What it sends now is marked as a test.", "waiting"
    if run.broker is not None and not run.ward_can_confirm:
        return "This ward does not answer. Sent is the last thing we know.", "none"
    return "Still waiting. This can take 1 minute. Nothing is lost.", "waiting"


def times_of_the_way(way: TestRun | TestWay, times: Times, *, ward_can_confirm: bool) -> tuple[tuple[str, str], ...]:
    """The four doors with the time of day, for paper."""
    ward = "Not yet" if ward_can_confirm else "No answer from this ward"
    doors = (("Seen", way.seen), ("Stored", way.stored), ("Broker", way.broker), ("Ward", way.ward))
    return tuple((name, times.clock_s(at) if at else ward if name == "Ward" else "Not yet") for name, at in doors)
