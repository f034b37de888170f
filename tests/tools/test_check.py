"""`wardgate devices check`, as a person types it."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.vectors import FOLDER, load
from wardgate.cli import devices
from wardgate_drivers.vector_fields import DECODERS, Decoded


def wardgate(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wardgate", "devices", "check", *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def vector(name: str) -> dict[str, Any]:
    return copy.deepcopy(next(v for v in load() if v["id"] == name))


def file(path: Path, *held: object) -> Path:
    path.write_text(json.dumps({"vectors": held}), encoding="utf-8")
    return path


def said(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, list[str]]:
    status = devices.main(["check", *map(str, paths)])
    return status, capsys.readouterr().out.splitlines()


def test_a_file_that_passes() -> None:
    told = wardgate(FOLDER / "weight.json")
    held = len(json.loads((FOLDER / "weight.json").read_text(encoding="utf-8"))["vectors"])
    assert (told.returncode, told.stdout, told.stderr) == (0, f"{held} passed, 0 failed\n", "")


def test_every_failing_id_is_printed_with_what_was_expected_and_got(tmp_path: Path) -> None:
    wrong = vector("bp-derdilla-plain")
    wrong["expect"]["fields"] |= {"systolic": 125, "arm": "left"}
    refused = vector("n13-sum") | {"expect": {"outcome": "decode", "fields": {"spo2": 97}}}
    told = wardgate(file(tmp_path / "v.json", vector("bp-no-time"), wrong, refused))
    assert told.returncode == 1
    assert told.stdout.splitlines() == [
        "bp-derdilla-plain",
        '  expected: {"systolic": 125, "arm": "left"}',
        '  got:      {"systolic": 124.0}',
        "n13-sum",
        '  expected: {"outcome": "decode", "spo2": 97}',
        '  got:      {"outcome": "reject", "reason": "bad-checksum"}',
        "1 passed, 2 failed",
    ]


def test_a_wrong_reason_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = vector("n13-sum")
    wrong["expect"]["reason"] = "truncated"
    status, lines = said(capsys, file(tmp_path / "v.json", wrong))
    assert status == 1
    assert lines[1:] == [
        '  expected: {"reason": "truncated"}',
        '  got:      {"reason": "bad-checksum"}',
        "0 passed, 1 failed",
    ]


def test_several_paths_and_directories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep").mkdir()
    file(tmp_path / "deep" / "a.json", vector("bp-no-time"))
    file(tmp_path / "b.json", vector("n13-1"))
    assert said(capsys, tmp_path, tmp_path / "b.json") == (0, ["3 passed, 0 failed"])


def test_a_decoder_that_nobody_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = vector("n13-sum") | {"decoder": "acme.frame"}
    status, lines = said(capsys, file(tmp_path / "v.json", unknown, vector("n13-1")))
    assert status == 1
    assert lines == [
        "n13-sum",
        '  expected: {"outcome": "reject", "reason": "bad-checksum"}',
        "  got:      there is no codec for `acme.frame`",
        "1 passed, 1 failed",
    ]


@pytest.mark.parametrize("broken", ["{", '{"vectors": 3}', "[]", "\x00", "[" * 100_000])
def test_what_is_no_vector_file_is_a_failure_and_the_others_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    (tmp_path / "a.json").write_text(broken, encoding="utf-8")
    good = file(tmp_path / "b.json", vector("n13-1"))
    status, lines = said(capsys, tmp_path / "a.json", good)
    assert (status, lines[0], lines[-1]) == (1, str(tmp_path / "a.json"), "1 passed, 1 failed")


@pytest.mark.parametrize("odd", [3, {}, {"id": "x"}, vector("n13-1") | {"hex": "0g"}, vector("n13-1") | {"expect": 1}])
def test_an_odd_vector_is_a_failure_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str], odd: object) -> None:
    status, lines = said(capsys, file(tmp_path / "v.json", odd, vector("bp-no-time")))
    assert (status, lines[-1]) == (1, "1 passed, 1 failed")


def test_a_codec_that_breaks_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise IndexError("past the end")

    monkeypatch.setitem(DECODERS, "nonin.df13", broken)
    status, lines = said(capsys, file(tmp_path / "v.json", vector("n13-1"), vector("bp-no-time")))
    assert (status, lines[2], lines[-1]) == (1, "  got:      IndexError: past the end", "1 passed, 1 failed")


def test_nothing_to_check_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = said(capsys, tmp_path / "none.json")
    assert (status, lines[-2:]) == (1, ["  got:      there is no such file or folder", "0 passed, 1 failed"])
    assert said(capsys, tmp_path)[0] == 1


def test_bytes_that_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "v.json").write_bytes(b"\xff\xfe")
    status, lines = said(capsys, tmp_path / "v.json")
    assert status == 1
    assert lines[2].startswith("  got:      it is no text: ")


def test_numbers_in_lists_and_objects_agree_within_a_part_in_a_thousand_million(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Decoded("decode", {"records": [{"weight": 0.1 + 0.2}, {"weight": 2.0}]})
    monkeypatch.setitem(DECODERS, "acme.frame", lambda *_: told)
    held = {"id": "x", "decoder": "acme.frame", "hex": "00"}
    near = held | {"expect": {"outcome": "decode", "fields": {"records": [{"weight": 0.3}, {"weight": 2}]}}}
    far = held | {"expect": {"outcome": "decode", "fields": {"records": [{"weight": 0.3}, {"weight": 2.001}]}}}
    assert said(capsys, file(tmp_path / "v.json", near, far))[1][-1] == "1 passed, 1 failed"
