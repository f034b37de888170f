"""A configuration is used whole or refused with every problem named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from wardgate.cli.config import explain
from wardgate.config import Config, ConfigError, parse

GOOD = """
[hub]
id = "wg-7f3k"
patient = "Copper Heron 93"
assignment = "a-1"

[broker]
host = "127.0.0.1"
port = 1883
tls = false

[[device]]
id = "scale"
model = "and-uc-352ble"
address = "AA:BB:CC:DD:EE:01"

[[device]]
id = "clip"
model = "nonin-9560-serial"
port = "/dev/serial/by-id/usb-nonin"
"""


def read(text: str) -> Config:
    return parse(text, Path("wardgate.toml"))


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value).startswith("wardgate.toml cannot be used:\n")
    return caught.value.problems


def test_a_good_file_and_its_defaults() -> None:
    config = read(GOOD)
    assert config.broker.confirm == "ward"
    assert config.watch.weight.gain_3_days_kg is None  # the plan's
    assert config.watch.weight.other_person_kg == 8.0
    assert [device.id for device in config.device] == ["scale", "clip"]


def test_the_fingerprint_changes_with_any_setting() -> None:
    changed = GOOD + "\n[watch.weight]\ngain_3_days_kg = 2.5\n"
    assert read(GOOD).fingerprint() == read(GOOD).fingerprint() != read(changed).fingerprint()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (GOOD.replace("tls = false", "tsl = false"), "broker.tsl is not known. Did you mean `tls`?"),
        (GOOD + "\n[watch.weight]\ngain_3_day_kg = 2", "gain_3_day_kg is not known. Did you mean `gain_3_days_kg`?"),
        (GOOD.replace("model =", "modell =", 1), "device[0].modell is not known. Did you mean `model`?"),
        (GOOD.replace('assignment = "a-1"\n', ""), "hub.assignment is missing."),
        (GOOD.replace("port = 1883", 'port = "1883"'), "broker.port: expected `int`, got `str`."),
        (GOOD.replace("[hub]", "[hub\n"), "It is no TOML: "),
        (GOOD + '\n[radio]\nenabled = "yes"', "radio.enabled: expected `bool`, got `str`."),
        (GOOD.replace('"a-1"', '"a-1"\ntimezone = "Europe/Lodnon"'), "Did you mean `Europe/London`?"),
        (GOOD.replace("and-uc-352ble", "and-uc-999"), "model `and-uc-999` is not in the catalogue."),
        (GOOD.replace('address = "AA:BB:CC:DD:EE:01"', ""), "device `scale`: a UC-352BLE needs `address`"),
        (GOOD.replace("AA:BB", "aa:bb"), "has to look like AA:BB:CC:DD:EE:FF"),
        (GOOD.replace('port = "/dev/serial/by-id/usb-nonin"', ""), "needs `port`, its serial line."),
        (GOOD.replace('id = "clip"', 'id = "scale"'), "two devices have the id `scale`."),
        (GOOD + "\n[watch.saturation]\ntarget_low_pct = 96\ntarget_high_pct = 92", "target_low_pct has to be below"),
        (GOOD.replace("tls = false", 'tls = false\ncert_file = "/nowhere"'), "cert_file and key_file go together."),
        (GOOD.replace("tls = false", 'tls = false\nusername = "u"'), "a username needs a password_file."),
        (GOOD + "\n[alerts]\nraise_again_min = [5, 2]", "alerts.raise_again_min: each has to be above zero"),
        (GOOD + "\n[alerts]\nraise_again_min = [0, 2]", "alerts.raise_again_min: each has to be above zero"),
        (GOOD + f"\n[alerts]\nraise_again_min = {list(range(1, 12))}", "alerts.raise_again_min: 10 at most, not 11."),
        (GOOD + '\n[alerts]\nquiet_from = "22:00"', "quiet_from and quiet_until go together."),
        (GOOD + '\n[alerts]\nquiet_from = "22:00"\nquiet_until = "22:00"', "all day or never."),
        (GOOD + '\n[alerts]\nquiet_from = "25:00"\nquiet_until = "07:00"', "alerts.quiet_from: expected `str`"),
        (GOOD + "\n[alerts]\nan_hour = 0", "alerts.an_hour: expected `int` >= 1."),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_what_to_do(wrong: str, sentence: str) -> None:
    assert any(sentence in problem for problem in problems(wrong)), problems(wrong)


def test_every_problem_is_named_at_once() -> None:
    wrong = GOOD.replace("AA:BB", "aa:bb").replace("nonin-9560-serial", "nonin-0")
    assert len(problems(wrong)) == 2


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("x")
    secret.chmod(0o644)
    text = GOOD.replace("tls = false", f'tls = false\nusername = "u"\npassword_file = "{secret}"')
    assert problems(text) == [f"broker.password_file: others can read {secret}. Run: chmod 600 {secret}"]
    secret.chmod(0o600)
    assert read(text).broker.username == "u"


def test_explain_names_every_setting_and_its_default() -> None:
    """What `explain` prints, with the required settings filled in, is itself a good file."""
    text = explain()
    for setting in (
        "other_person_kg = 8.0",
        "# gain_3_days_kg =",
        "[[watch.shadow]]",
        "pathways = []",
        "# dry_weight_kg =",
        'confirm = "ward"',
        "[[device]]",
    ):
        assert setting in text
    filled = {
        "id": '"x"',
        "patient": '"Copper Heron 93"',
        "assignment": '"a"',
        "host": '"h"',
        "model": '"and-uc-352ble"',
        "name": '"tried"',
        "rule": '"weight.guideline_esc"',
        "at": "2026-11-22T08:00:00Z",
        "note": '"diuretic_up"',
    }
    lines = []
    for line in text.splitlines():
        name = line.split(" =")[0]
        lines.append(f"{name} = {filled[name]}" if line.endswith("# has to be given") else line)
    complete = "\n".join(lines).replace("# address =   # default: not set", 'address = "AA:BB:CC:DD:EE:FF"')
    assert tomllib.loads(complete)
    assert read(complete).device[0].cadence_h is None
    assert read(complete).watch.shadow[0].limits == {}


ENROLS = GOOD.replace("tls = false", "tls = true") + '\n[enrol]\nurl = "https://enrol.example:8085"\n'


def test_a_hub_that_enrols_keeps_its_own_pair() -> None:
    config = read(ENROLS)
    assert config.broker.cert_file == "/var/lib/wardgate/identity/current/hub.pem"
    assert config.broker.key_file == "/var/lib/wardgate/identity/current/hub.key"
    assert read(GOOD).broker.cert_file is None


@pytest.mark.parametrize(
    ("said", "instead", "problem"),
    [
        ("https://enrol", "http://enrol", "enrol.url: it has to begin with https://."),
        ("tls = true", "tls = false", "broker.tls: a certificate needs TLS."),
        ("tls = true", 'cert_file = "/x"\nkey_file = "/y"', "Remove cert_file and key_file."),
        ("[enrol]", '[enrol]\nca_file = "/none.pem"', "enrol.ca_file: there is no file /none.pem."),
    ],
)
def test_enrolment_that_cannot_be(said: str, instead: str, problem: str) -> None:
    assert any(problem in found for found in problems(ENROLS.replace(said, instead)))
