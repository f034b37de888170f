"""A patient's pseudonym: two common words and two check digits, `Copper Heron 93`.

The digits are computed from the words, so that hub and ward agree on them without asking each other. They guard against
a wrong line of a list and a misread sheet; they are no secret.

Layout: the letters of the first word, then the second word's at the right end of `_PLACES` places. A letter is the two
digits 10 (A) to 35 (Z), an empty place `00`. The two check digits, 02 to 98, make the whole number leave 1 when divided
by 97: ISO/IEC 7064, MOD 97-10, with letters as numbers as in ISO 13616 (IBAN) and ISO 11649. With places of a fixed
width a word adds the same remainder whatever stands beside it, and the words of each list were chosen so that no two of
them add the same. So one wrong word is always found, and not only 96 times in 97. No word is in both lists: two words
that were swapped are found as well.

The words are ours: common English words that a child of nine reads, no given names, nothing of the body or of illness,
nothing that frightens or mocks, and no two that sound or look nearly alike (tests/contract/test_pseudonym.py). A word
that was ever printed on a sheet stays in its list.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Container
from random import Random
from typing import Final, Literal

from msgspec import Struct


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST: Final = _list(
    "alpine bamboo blueberry brilliant bronze canvas cheerful cocoa coconut copper cosy curly dappled denim dotted "
    "evening feathered fresh friendly gliding glittery graceful granite harbour highland hillside humming juggling "
    "leafy magic marble mighty moonlit mosaic mountain musical northern paper patchwork peach pebble "
    "playful purple rainbow ribbon sailing satin seaside silver sparkling speckled sturdy sunlit tartan tropical "
    "turquoise twinkling valley vanilla velvet village whistling wooden woodland woolly"
)
SECOND: Final = _list(
    "aeroplane alpaca antelope apricot archway avocado balloon banana barley barn basket bracken bramble butterfly "
    "calendar canoe chipmunk comet compass cupboard cushion dandelion dolphin dragonfly falcon finch firefly "
    "gazelle globe goldfish greenhouse hedge helicopter heron jigsaw jumper kettle kingfisher magnet mango meerkat "
    "notebook orange palace parcel penguin platypus postcard pumpkin pyramid rabbit radio reindeer rocket "
    "roundabout rucksack sailboat sandcastle saucer seagull seedling skylark snowball sparrow squirrel "
    "starfish starling strawberry sycamore teapot tortoise tractor train trampoline tricycle trumpet waffle wagon "
    "wagtail whistle"
)
_PLACES: Final = 10
"""The longest word of the second list has as many letters."""
_NEAR: Final = 2
"""Slips of the pen that are guessed at: any two words of a list are three apart."""
_DRAWS: Final = 20
"""Before all that are free are looked for."""
_PARTS: Final = re.compile(r"[a-z]+|[0-9]+")
_ALLOWED: Final = re.compile(r"[a-z0-9\s\-_.,\u2010-\u2015]*", re.IGNORECASE)
Key = Literal["not-words", "unknown-word", "wrong-digits"]


class Pseudonym(Struct, frozen=True, order=True):
    """Two words of the lists, in small letters."""

    first: str
    second: str

    @property
    def words(self) -> str:
        """`Copper Heron`."""
        return f"{self.first.capitalize()} {self.second.capitalize()}"

    @property
    def digits(self) -> str:
        """`93`."""
        return check_digits(self.first + "00" * (_PLACES - len(self.second)) + self.second)

    @property
    def slug(self) -> str:
        """`copper-heron-93`: the hub's `patient`."""
        return f"{self.first}-{self.second}-{self.digits}"

    def __str__(self) -> str:
        return f"{self.words} {self.digits}"


class NotAPseudonym(ValueError):
    """What was written is no pseudonym. The right digits are never told."""

    def __init__(self, key: Key, sentence: str, what_to_do: str) -> None:
        super().__init__(sentence)
        self.key: Final = key
        self.sentence: Final = sentence
        self.what_to_do: Final = what_to_do


def check_digits(text: str) -> str:
    """The two digits of ISO/IEC 7064 MOD 97-10 that follow letters (A is 10, Z is 35) and digits.

    Raises:
        ValueError: something else stands there.
    """
    number = int("".join(str(int(place, 36)) for place in text))
    return f"{98 - number * 100 % 97:02}"


def new(random: Random, taken: Container[Pseudonym] = ()) -> Pseudonym:
    """One that is not taken.

    Raises:
        LookupError: all are.
    """
    for _ in range(_DRAWS):
        one = Pseudonym(random.choice(FIRST), random.choice(SECOND))
        if one not in taken:
            return one
    free = [one for one in itertools.starmap(Pseudonym, itertools.product(FIRST, SECOND)) if one not in taken]
    if not free:
        raise LookupError("every pseudonym is taken")
    return random.choice(free)


def parse(text: str) -> Pseudonym:
    """A whole pseudonym, whatever its capitals, spaces, dots and dashes.

    Raises:
        NotAPseudonym: `not-words`: it is not two words and two digits; `unknown-word`: one is in no list or in the
            wrong place; `wrong-digits`: they are not those of these words.
    """
    parts = _parts(text)
    if len(parts) != 3 or not _is_digits(parts[2]):
        raise NotAPseudonym("not-words", "This is not two words and two digits.", "Write it as on the referral sheet.")
    return checked(f"{parts[0]} {parts[1]}", parts[2])


def parse_words(text: str) -> Pseudonym:
    """The two words without their digits.

    Raises:
        NotAPseudonym: `not-words` or `unknown-word`.
    """
    parts = _parts(text)
    if len(parts) != 2 or not all(part.isalpha() for part in parts):
        raise NotAPseudonym("not-words", "These are not two words.", "Write the two words of the referral sheet.")
    return Pseudonym(_known(parts[0], FIRST, "first"), _known(parts[1], SECOND, "second"))


def checked(words: str, digits: str) -> Pseudonym:
    """The words and the digits as two fields of a form hold them.

    Raises:
        NotAPseudonym: as `parse` does.
    """
    one = parse_words(words)
    if digits.strip() != one.digits:
        raise NotAPseudonym(
            "wrong-digits",
            f"Those digits are not {one.words}'s.",
            f"Look at the referral sheet. Does it say {one.words}?",
        )
    return one


def nearest(word: str, words: tuple[str, ...]) -> str | None:
    """The one word of a list that a slip of the pen may have meant; None when there is none."""
    (slips, best), (more, _) = heapq.nsmallest(2, ((_slips(word, known), known) for known in words))
    return best if slips <= _NEAR and slips < more else None


def _parts(text: str) -> list[str]:
    return _PARTS.findall(text.lower()) if len(text) <= 80 and _ALLOWED.fullmatch(text) else []


def _is_digits(part: str) -> bool:
    return part.isdigit() and len(part) == 2


def _known(word: str, words: tuple[str, ...], place: str) -> str:
    if word in words:
        return word
    if word in FIRST or word in SECOND:
        sentence = f"{word.capitalize()} is never the {place} word."
        raise NotAPseudonym("unknown-word", sentence, "Write the two words in the order of the referral sheet.")
    hint = nearest(word, words)
    raise NotAPseudonym(
        "unknown-word",
        f"No pseudonym has {word[:20].capitalize()} as its {place} word.",
        f"Does the referral sheet say {hint.capitalize()}?" if hint else "Copy the word from the referral sheet.",
    )


def _slips(one: str, other: str) -> int:
    """Letters that have to be changed, added or left out (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]
