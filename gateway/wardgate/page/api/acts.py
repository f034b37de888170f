"""Everything that the API can be asked, in one table: where, what of the hub it is, what it takes and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec import Struct

from wardgate.contract.assigning import Offered
from wardgate.control.messages import Series, Status
from wardgate.control.protocol import Done
from wardgate.control.provisioning import Added, Audit, Installation, Limits, Nearby, SetupCode, Window
from wardgate.page.api import bodies


@dataclass(frozen=True, slots=True)
class Act:
    """One of them. `{device}` in a path is the device's id, and goes to the hub with what the body says."""

    verb: Literal["GET", "POST"]
    path: str
    method: str
    """Of the hub's control socket."""
    takes: type[Struct]
    """A query or a body."""
    gives: Any
    summary: str
    description: str = ""

    @property
    def name(self) -> str:
        """For programs: `replace_device`."""
        return (
            f"{self.verb.lower()}_{self.path.strip('/').replace('{device}', 'of').replace('/', '_').replace('-', '_')}"
        )

    @property
    def of_device(self) -> bool:
        """Whether the path names a device."""
        return "{device}" in self.path


def _look(path: str, method: str, gives: Any, summary: str, takes: type[Struct] = bodies.Nothing) -> Act:
    return Act("GET", path, method, takes, gives, summary)


def _act(path: str, method: str, takes: type[Struct], summary: str, gives: Any = Done, description: str = "") -> Act:
    return Act("POST", path, method, takes, gives, summary, description)


_DEVICE: Final = "/devices/{device}"
ACTS: Final = (
    _look("/installation", "installation", Installation, "How far the hub is set up, with its checks and devices"),
    _act("/check-again", "check_again", bodies.Nothing, "Look at the four checks at once"),
    _act("/blink", "blink", bodies.Nothing, "Have the hub show which box it is"),
    _act("/claim", "claim", bodies.Claim, "Get the hub's certificate with the ward's one-time code"),
    _look("/patients", "patients", tuple[Offered, ...], "The patients whom the ward expects to be set up"),
    _act("/choose", "choose", bodies.Choose, "Compare words and digits; nothing is changed", Offered),
    _act("/assign", "assign", bodies.Assign, "Give the hub a patient"),
    _act("/release", "release", bodies.Release, "Take the hub from its patient: drained, or sealed and wiped"),
    _act("/forget", "forget", bodies.Act, "Forget the claim: the hub is as it came out of its box"),
    _act("/lock", "lock", bodies.Act, "Lock the hub when nothing is missing"),
    _act("/unlock", "unlock", bodies.Act, "Unlock the hub"),
    _look("/nearby", "nearby", tuple[Nearby, ...], "Devices in the air and on cables that the catalogue knows"),
    _act("/devices", "add_device", bodies.Add, "Add a device", Added),
    _act(f"{_DEVICE}/remove", "remove_device", bodies.Act, "Remove a device and its pairing"),
    _act(f"{_DEVICE}/replace", "replace_device", bodies.Add, "Put another device of the same kind in its place"),
    _act(f"{_DEVICE}/pair", "pair_start", bodies.Nothing, "Begin pairing; how far it is stands in the installation"),
    _act(f"{_DEVICE}/passkey", "passkey", bodies.Passkey, "Hand the device the number it shows"),
    _act(f"{_DEVICE}/no-number", "no_number", bodies.Nothing, "The device shows no number: stop pairing"),
    _act(f"{_DEVICE}/test", "test_begin", bodies.Nothing, "What this device measures next is a test"),
    _act(f"{_DEVICE}/leave-out", "leave_out", bodies.LeaveOut, "This device has no test reading, and why"),
    _act("/test/end", "test_end", bodies.Nothing, "From now on every reading counts"),
    _look("/limits", "limits", Limits, "What holds for this patient, in sentences"),
    _act("/read-back", "read_back", bodies.Act, "The limits were read back"),
    _look("/window", "window", Window, "How long the pages stay open"),
    _act("/window/extend", "extend_window", bodies.Nothing, "Keep the pages open", Window),
    _act("/window/close", "close_window", bodies.Nothing, "Close the pages, and this API with them", Window),
    _act("/setup-code", "new_setup_code", bodies.Nothing, "Make a new setup code; it is told this once", SetupCode),
    _look("/audit", "audit", Audit, "What was done on this hub, newest first", bodies.AuditQuery),
    _look("/status", "status", Status, "Everything at a glance: devices, the way to the ward, alerts, events"),
    _look("/series", "series", Series, "One channel over some days, with limits and alerts", bodies.SeriesQuery),
)
