"""What another version of the hub's program has kept of the ward's configuration loses the ward no limit."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec
import pytest

from tests.downlink.conftest import Home
from wardgate.checked import Unusable
from wardgate.overlay import NAME, Overlay

_RECORD = b'{"version":6,"envelopes":["%b"]%b}'


def _keep(home: Home, version: int, **parts: Any) -> None:
    overlay = Overlay(home.file())
    word = home.configuration(version, **parts)
    overlay.keep(*overlay.tried(word, home.key.envelope(word), home.key.public()))


def _start(home: Home) -> Overlay:
    overlay = Overlay(home.file(), "boot-1")
    overlay.begin()
    return overlay


def _written(home: Home, envelope: bytes, more: bytes = b"", beside: bytes = b"") -> None:
    """A file as another version would leave it: its seal is over the bytes that it wrote."""
    record = _RECORD % (base64.b64encode(envelope), more)
    sealed = b'{"record":%b%b}' % (record, beside) if beside else record
    seal = hashlib.sha256(sealed).hexdigest().encode()
    (home.file().data_dir / NAME).write_bytes(b'{"record":%b,"sha256":"%b"%b}' % (record, seal, beside))


@pytest.mark.parametrize(
    ("more", "beside"),
    [
        (b"", b""),
        (b',"retired":[],"tried_at":"2027-01-01T00:00:00Z"', b""),
        (b',"retired":[]', b',"probation":{"before":{"version":5},"nonces":[],"until":3},"seen":["a"]'),
    ],
    ids=["fewer fields", "more fields", "more parts"],
)
def test_a_file_of_another_layout_loses_no_limit(home: Home, more: bytes, beside: bytes) -> None:
    home.file().data_dir.mkdir()
    envelope = home.key.envelope(home.configuration(6, limits={"gain_3_days_kg": 1.5}))
    _written(home, envelope, more, beside)
    overlay = _start(home)
    assert (overlay.problem, overlay.version, overlay.config.watch.weight.gain_3_days_kg) == ("", 6, 1.5)
    overlay.prove()
    _keep(home, 7, pathways=["copd"])
    after = Overlay(home.file())
    assert (after.problem, after.config.watch.weight.gain_3_days_kg) == ("", 1.5)
    file = home.file().data_dir / NAME
    file.write_bytes(file.read_bytes().replace(b'"version":7', b'"version":8'))
    assert "damaged" in Overlay(home.file()).problem, "a flipped figure is damage still"


def test_what_a_later_version_added_to_a_word_is_passed_over(home: Home) -> None:
    """The program was taken back to an earlier one: what that knows of the ward's word holds."""
    home.file().data_dir.mkdir()
    word = msgspec.to_builtins(home.configuration(6, limits={"gain_3_days_kg": 1.5}, alerts={"an_hour": 3}))
    word |= {"rotas": {"night": ["nurse"]}, "revert": ["rotas"]}
    word["alerts"] |= {"a_week": 60}
    _written(home, home.key.envelope(msgspec.json.encode(word)))
    overlay = _start(home)
    assert (overlay.problem, overlay.left_out) == ("", "")
    assert (overlay.config.watch.weight.gain_3_days_kg, overlay.config.alerts.an_hour) == (1.5, 3)
    only = msgspec.to_builtins(home.configuration(6)) | {"rotas": {}}
    _written(home, home.key.envelope(msgspec.json.encode(only)))
    _keep(home, 7, pathways=["copd"])
    assert len(Overlay(home.file()).record.envelopes) == 2, "its own version may still want what says nothing here"


def test_what_is_not_known_here_takes_no_other_limit_along(home: Home) -> None:
    """A limit and a pathway went with an upgrade, and a device with somebody who edited the file."""
    home.file().data_dir.mkdir()
    word = home.configuration(
        6,
        limits={"gain_3_days_kg": 1.5, "gain_4_days_kg": 2.0, "systolic_low_mmhg": 5.0},
        pathways=["copd", "tele-rehab"],
        cadences={"scale": 12, "gone": 12},
    )
    _written(home, home.key.envelope(word))
    overlay = _start(home)
    watch = overlay.config.watch
    assert (watch.weight.gain_3_days_kg, watch.pathways) == (1.5, ("copd",))
    assert watch.pressure == home.file().watch.pressure
    assert [d.cadence_h for d in overlay.config.device if d.id == "scale"] == [12]
    assert overlay.problem == ""
    for left_out in (
        "`gain_4_days_kg` is no limit",
        "systolic_low_mmhg has to be",
        "tele-rehab",
        "`gone` is no device",
    ):
        assert left_out in overlay.left_out
    _keep(home, 7, alerts={"an_hour": 3})
    assert Overlay(home.file()).config.alerts.an_hour == 3, "an old mistake does not stand in the way of a new word"
    with pytest.raises(Unusable, match="no device here"):
        _keep(home, 8, cadences={"gone": 6})


def test_a_key_that_is_refused_by_now_commands_nobody_and_takes_no_limit_along(home: Home) -> None:
    """An earlier version took a key of all zeros, for which anybody can sign."""
    home.file().data_dir.mkdir()
    good, zeros = str(home.key.public()), f"ward-0:{base64.b64encode(bytes(32)).decode()}"
    _written(home, home.key.envelope(home.configuration(6, limits={"gain_3_days_kg": 1.5}, command_keys=[zeros, good])))
    overlay = _start(home)
    assert (overlay.problem, overlay.config.watch.weight.gain_3_days_kg) == ("", 1.5)
    assert list(map(str, overlay.keys())) == [good]
    assert "`ward-0` is all zeros" in overlay.left_out
    _keep(home, 7, pathways=["copd"])
