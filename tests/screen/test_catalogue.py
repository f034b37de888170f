"""The languages: the same in all, short and plain in the source, and only what was reviewed is offered."""

from __future__ import annotations

import re
import string
import typing
from datetime import date
from itertools import product

import pytest

from tests.screen.conftest import ALL, TILES
from wardgate.config import Screen
from wardgate.contract.assigning import Kind
from wardgate.indicate.moment import HomeView, How, Moment, Part, Tile, Way, What, When
from wardgate.screen.catalogue import ORDER, Language, languages, offered
from wardgate.screen.said import Seen, sentences, tile_said

SECTIONS = ("words", "headlines", "lines")
WORDS_A_SENTENCE = 12
BANNED = (
    "should", "please wait", "error", "invalid", "oops", "alarm", "alert", "limit", "abnormal", "danger", "urgent",
    "failed", "patient", "reading", "device", "synchron", "server", "network",
)  # fmt: skip


def texts(language: Language) -> dict[str, str]:
    """By section and key."""
    return {f"{section}.{k}": text for section in SECTIONS for k, text in getattr(language, section).items()}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", ORDER)
def test_every_language_says_the_same(code: str) -> None:
    source, other = texts(languages()["en"]), texts(languages()[code])
    assert other.keys() == source.keys()
    assert [key for key in source if placeholders(source[key]) != placeholders(other[key])] == []
    assert [key for key, text in other.items() if text != text.strip() or not text] == []


@pytest.mark.parametrize("code", ORDER[1:])
def test_nothing_was_left_in_english(code: str) -> None:
    source, other = texts(languages()["en"]), texts(languages()[code])
    assert [key for key in source if source[key] == other[key]] == []


@pytest.mark.parametrize(("code", "either"), [("ur", "کل"), ("pa", "ਕੱਲ੍ਹ"), ("bn", "কাল"), ("gu", "કાલે")])
def test_tomorrow_is_not_the_word_that_is_yesterday_as_well(code: str, either: str) -> None:
    """These languages have one word for the day before and the day after: it alone says nothing."""
    language = languages()[code]
    assert language.words["later-tomorrow"] != either
    assert language.words["later-tomorrow"] in language.lines["next-tomorrow"]


@pytest.mark.parametrize(("code", "fever"), [("ur", "بخار"), ("pa", "ਬੁਖਾਰ"), ("pl", "gorączka"), ("ar", "حمى")])
def test_nobody_is_told_of_a_fever(code: str, fever: str) -> None:
    language = languages()[code]
    everything = {**language.words, **language.headlines, **language.lines}
    assert [key for key, said in everything.items() if fever in said] == []


def test_english_is_short_and_plain() -> None:
    for key, text in texts(languages()["en"]).items():
        for sentence in filter(None, re.split(r"[.?!:]\s*", text)):
            assert len(sentence.split()) <= WORDS_A_SENTENCE, key
        assert [word for word in BANNED if word in text.lower()] == [], key


def test_only_what_somebody_reviewed_is_offered() -> None:
    assert {language.code for language in languages().values() if language.reviewed} == {"en"}
    assert [o.code for o in offered(Screen(language="ur", languages=("pl",)))] == ["en"]
    assert [o.code for o in offered(Screen(language="ur", languages=("pl",), unreviewed=True))] == ["en", "pl", "ur"]
    assert tuple(o.code for o in offered(ALL)) == ORDER


def test_a_language_that_is_not_there_is_nobody_s_fault() -> None:
    assert [o.code for o in offered(Screen(language="tlh"[:2], unreviewed=True))] == ["en"]


@pytest.mark.parametrize(("code", "direction"), [("en", "ltr"), ("ur", "rtl"), ("ar", "rtl"), ("pa", "ltr")])
def test_which_way_it_is_written(code: str, direction: str) -> None:
    assert languages()[code].direction == direction


@pytest.mark.parametrize(
    ("code", "said"),
    [("en", "Saturday 21 November"), ("cy", "Dydd Sadwrn 21 Tachwedd"), ("pl", "sobota, 21 listopada"),
     ("pt", "sábado, 21 de novembro"), ("ur", "ہفتہ 21 نومبر")],
)  # fmt: skip
def test_dates_are_said_as_people_say_them(code: str, said: str) -> None:
    assert languages()[code].date(date(2026, 11, 21)) == said


def test_numbers_are_shown_as_devices_show_them() -> None:
    assert languages()["en"].line("value-scale", weight=78.4) == "Your weight: 78.4 kg."
    assert languages()["en"].line("value-cuff", systolic=128.0, diastolic=80.0) == "Your blood pressure: 128 over 80."
    assert "78.4" in languages()["ur"].line("value-scale", weight=78.4)


def every_moment() -> list[Moment]:
    """All that the hub can say."""
    kinds, hows = (*typing.get_args(Kind), None), typing.get_args(How)
    found = [Moment(what=what, kind=kind) for what, kind in product(typing.get_args(What), kinds)]
    found += [Moment(what="again", kind=kind, how=how) for kind, how in product(kinds, hows)]
    found += [Moment(what="got", kind=kind, way=way) for kind, way in product(kinds, typing.get_args(Way))]
    values = {"weight": 78.4, "systolic": 128.0, "diastolic": 80.0, "spo2": 95.0, "temperature": 36.6, "heart_rate": 60}
    found += [Moment(what="got", kind=kind, way="has", values=values) for kind in kinds]
    return found + [Moment(what=what, next=n) for what in ("done", "nothing") for n in typing.get_args(When)]


@pytest.mark.parametrize("code", ORDER)
def test_every_moment_has_its_words(code: str) -> None:
    language = languages()[code]
    seen: list[Seen] = ["away", "new"]
    for moment, part in product(every_moment(), (*typing.get_args(Part), None)):
        seen.append(HomeView(moment=moment, tiles=TILES, part=part))
    for one in seen:
        headline, lines = sentences(one, language)
        assert headline
        assert all(lines)
        assert "{" not in "".join(lines)


def test_every_tile_has_its_word_and_shape() -> None:
    states = [("done", ""), ("now", ""), ("next", ""), ("free", "")]
    states += [("later", when) for when in typing.get_args(When) if when]
    for kind, (state, when) in product(typing.get_args(Kind), states):
        tile = tile_said(Tile(kind=kind, state=state, when=when))  # type: ignore[arg-type]
        assert languages()["en"].words[tile.word]
        assert tile.icon


def test_values_stand_there_only_when_the_hub_sends_them() -> None:
    told = HomeView(moment=Moment(what="got", kind="scale", way="has"), tiles=())
    assert sentences(told, languages()["en"]) == ("Got it. Thank you.", ("Your team has it.",))


def test_the_promise_is_made_only_for_the_ward_s_own_word() -> None:
    """`Your team has it` goes with `has` and with nothing else."""
    promise = languages()["en"].lines["has"]
    for way in typing.get_args(Way):
        told = HomeView(moment=Moment(what="got", kind="scale", way=way), tiles=())
        assert (promise in sentences(told, languages()["en"])[1]) == (way == "has")
