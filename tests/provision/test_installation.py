"""The record on the disk: whole or not at all, and told when it is damaged."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wardgate import installation
from wardgate.checked import Unusable
from wardgate.config import ConfigError, NotAssigned, load, load_bare
from wardgate.installation import NAME, KeptDevice, Record, Way

FULL = Record(
    revision=7,
    stage="locked",
    hub="hub-1",
    patient="copper-heron-93",
    words="Copper Heron",
    assignment="a-1",
    since=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
    broker=Way(host="broker.example.org", port=8884),
    limits={"gain_3_days_kg": 1.5, "target_low_pct": 88.0, "target_high_pct": 92.0},
    pathways=("copd",),
    device=(KeptDevice(id="scale", model="and-uc-352ble", address="F0:00:00:00:00:01"),),
)


def file(tmp_path: Path, more: str = "", hub: str = "") -> Path:
    path = tmp_path / "wardgate.toml"
    path.write_text(f'[hub]\ndata_dir = "{tmp_path}"\n{hub}\n{more}', encoding="utf-8")
    return path


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    assert installation.read(tmp_path) == Record()
    installation.keep(tmp_path, FULL)
    assert installation.read(tmp_path) == FULL
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_every_damaged_byte_is_noticed(tmp_path: Path) -> None:
    installation.keep(tmp_path, FULL)
    whole = (tmp_path / NAME).read_bytes()
    for at in range(0, len(whole), 7):
        (tmp_path / NAME).write_bytes(whole[:at] + bytes([whole[at] ^ 0x01]) + whole[at + 1 :])
        with pytest.raises(Unusable):
            installation.read(tmp_path)
    (tmp_path / NAME).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unusable):
        installation.read(tmp_path)


def _written(tmp_path: Path, record: dict[str, object]) -> None:
    """A record as another version of the program writes it."""
    text = json.dumps(record)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / NAME).write_text(f'{{"record":{text},"sha256":"{digest}"}}', encoding="utf-8")


def test_a_record_of_an_earlier_version_is_whole(tmp_path: Path) -> None:
    """It does not have the fields that came later (H02)."""
    said = {"revision": 3, "stage": "assigned", "hub": "hub-1", "patient": "copper-heron-93", "assignment": "a-1"}
    _written(tmp_path, said)
    found = installation.read(tmp_path)
    assert (found.revision, found.patient, found.left_out) == (3, "copper-heron-93", {})


def test_a_record_of_a_later_version_still_says_whose_hub_it_is(tmp_path: Path) -> None:
    """As after an update that was taken back (H24)."""
    device = {"id": "scale", "model": "and-uc-352ble", "address": "F0:00:00:00:00:01", "shelf": 2}
    said = {"stage": "assigned", "patient": "copper-heron-93", "device": [device]}
    _written(tmp_path, {**said, "moon": {"full": True}})
    found = installation.read(tmp_path)
    assert (found.patient, [d.id for d in found.device]) == ("copper-heron-93", ["scale"])


def test_a_hub_without_a_patient_is_told_apart_from_a_bad_file(tmp_path: Path) -> None:
    with pytest.raises(NotAssigned) as told:
        load(file(tmp_path))
    assert "provision" in str(told.value)
    with pytest.raises(ConfigError) as wrong:
        load(file(tmp_path, hub='color = "red"'))
    assert not isinstance(wrong.value, NotAssigned), "what is to be mended is told first"
    assert "hub.color" in str(wrong.value)


def test_what_was_set_up_lies_over_the_file(tmp_path: Path) -> None:
    path = file(tmp_path, "[broker]\nheartbeat_s = 5.0\n[watch.weight]\ndry_weight_kg = 78.0\n")
    assert load_bare(path).broker is None, "it has no host yet"
    installation.keep(tmp_path, FULL)
    config = load(path)
    assert (config.hub.id, config.hub.patient, config.hub.assignment) == ("hub-1", "copper-heron-93", "a-1")
    assert (config.broker.host, config.broker.port, config.broker.heartbeat_s) == ("broker.example.org", 8884, 5.0)
    assert (config.watch.weight.gain_3_days_kg, config.watch.weight.dry_weight_kg) == (1.5, 78.0)
    assert [device.id for device in config.device] == ["scale"]
    assert config.hub.since == FULL.since


def test_a_damaged_record_gives_nobody_a_patient(tmp_path: Path) -> None:
    installation.keep(tmp_path, FULL)
    (tmp_path / NAME).write_bytes(b"{}")
    with pytest.raises(ConfigError) as told:
        load(file(tmp_path))
    assert not isinstance(told.value, NotAssigned)
    assert "damaged" in str(told.value)
    named = 'id = "hub-1"\npatient = "P-1"\nassignment = "a-1"'
    by_file = load(file(tmp_path, '[broker]\nhost = "localhost"\n', named))
    assert by_file.hub.patient == "P-1", "a file that names the patient needs no record"
