"""Pseudonyms: what slips they find, and that their words do no harm."""

from __future__ import annotations

import contextlib
import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardgate.contract import pseudonym
from wardgate.contract.pseudonym import FIRST, SECOND, NotAPseudonym, Pseudonym, parse

ANY = st.builds(Pseudonym, st.sampled_from(FIRST), st.sampled_from(SECOND))


def _list(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Every given name of a word-like kind that we know of, and the most common ones of England, Wales and South Asia's
# families in them: whoever adds a word to the lists adds to this one what comes to mind.
NAMES = _list(
    """
    abigail adam adele ahmed aisha alan alba albert alexander alfie ali alice amber amelia amir amy andrew angel
    anita anna annie anthony anya april archie ariel arthur asa ash ashley aspen aurora autumn ava avery ayesha
    barbara barney basil bay bear beatrice bella ben berry beryl beth betty bianca birdie blake blossom bluebell
    bonnie brandy brian briar brooke brook caleb candice candy carol caroline cash caspian cassia catherine cedar
    celeste charity charlie charlotte cherry chester chloe christian christopher clay clementine cliff clifford
    clover colin comfort coral cosmo crystal cyan cypress dahlia daisy daniel david dawn deborah dennis dev
    diamond diana dolly dominic donna dorothy dove drake duke dylan earl easton eben ebony echo eden edward
    eleanor elijah elizabeth ella ellie elm emerald emily emma eric ethan eva eve faith farah fatima felix fern
    finlay fleur flint flora florence forest forrest frances frank freddie freya gail garnet gary gay gene
    geoffrey george georgia gill ginger glen gloria goldie grace graham grant gray hamish hannah harley harmony
    harry harvey hassan hazel heath heather helen henry herb holly honey honor hope hudson hugh hunter hyacinth
    ian ibrahim imogen india indigo indira iris isaac isabella isla ivory ivy jack jacob jade jake james jan jane
    janet jasmine jason jasper jay jean jennifer jessica jet jewel joan john jolly jonathan jonquil jordan joseph
    josh joy jude julia june juniper justice karen karl kate kathleen kay keith kelly kelvin kevin khadija
    kingsley kit lake lana lark laura laurel lavender layla lee leo leon liam lilac lily linda linden lion lionel
    logan lotus louis lucas lucky lucy luna lynn magnolia maple margaret marigold marina mark marsh martin mary
    mason matthew maxwell may maya meadow melody mercy mia michael mick mike miles millie minty miriam misty
    mohammed moon myrtle nadia nancy nathan neil nicholas nick nicola nigel noah noble noor ocean olive oliver
    olivia olympia opal oscar otter owen pansy parker pat patience patricia patrick paul pauline peaches pearl
    penelope peony perry pete peter petal phoenix phil pierce piper pippin poppy precious prince priya promise
    prudence queenie quentin rachel rafferty rain raj ralph ravi raven ray rebecca reed reuben rex rhys richard
    river rob robert robin rocco rock rocky roger roman ronan rory rosalind rose rosemary rowan royal ruby rupert
    russell rusty ruth ryan sabine saffron sage sally salman samantha samuel sandra sandy sara sarah sasha scarlet
    scarlett scott sean sebastian selena shania sharon shaun sheila shelley sherry sian sid sienna sierra silas
    simon skip sky skye snow sofia sol soleil sonny sophia sorrel star stella sterling steven stone storm stormy
    stuart sue sullivan summer sunny susan susie suzanne sylvia tamara tansy tara tawny ted teddy temple teresa
    terra theo theodore thomas tiger tim toby tom trevor trinity tulip tyler ursula valentine valerie vanessa vera
    vernon victor victoria viola violet vincent walter wayne wendy wesley willow william winter wolf wren yasmin
    yusuf zachary zara zoe zinnia apple
    """
)

# The body, illness and its treatment, death, fear, mockery, drink; stems, looked for anywhere in a word.
HARMFUL = _list(
    """
    arm$ back$ belly blad blood bone brain breast chest chin cough ear$ elbow eye face fat finger fist foot
    hair hand head heart heel hip$ jaw joint kidney knee leg$ limb lip$ liver lung mouth muscle nail neck
    nerve nose palm pupil rib$ shin$ skin skull sole spine spleen stomach throat thumb toe$ tongue tooth vein
    waist womb wrist ache bandage bleed burn cast$ clot coma crutch cure diet doctor dose drip drug faint
    fever germ ill$ insulin jab needle nurse pain patient pill plague pox pulse rash salt scan scar sick sore
    spot sting stroke sugar swell swallow thrush tumour ulcer virus vomit ward weight wound iron foxglove
    night axe blade bomb coffin corpse cobra crow dagger dark dead death demon devil die$ ghost grave gun hang
    hell kill knife monster murder poison rat$ sabre scream shadow shark skeleton snake spear spider storm
    sword thunder tiger vulture wasp witch wolf ^ass bald bat$ blind cabbage chicken cow crazy cuckoo deaf
    donkey dumb elephant flab goat goose hag$ heavy hippo idiot lame lazy leech limp mad$ mole$ monkey mule
    old$ pale pig rotten silly slow slug snail sloth toad turkey turnip ugly vegetable weak whale wrinkl ale$
    beer gin$ rum$ vodka whisky wine cigar smoke tobacco
    """
)


def sounds(word: str) -> str:
    """How a word sounds, roughly, after the manner of Metaphone: consonants that are easily taken for one another are
    one letter, and vowels count at the beginning alone."""
    steps = (
        ("^kn|^gn|^pn", "n"), ("^wr", "r"), ("^x", "s"), ("mb$", "m"), ("gh(?=t|$)", ""), ("gh", "g"), ("ph", "f"),
        ("tch|ch|sh|ti(?=on|al)|ci(?=a)|si(?=on)", "C"), ("th", "0"), ("wh", "w"), ("ck", "k"), ("dg(?=[eiy])", "j"),
        ("g(?=[eiy])", "j"), ("c(?=[eiy])", "s"), ("qu", "kw"), ("[cq]", "k"), ("x", "ks"), ("z", "s"), ("v", "f"),
        ("d", "t"), ("g", "k"), ("b", "p"), ("j", "C"), ("(?<=.)[hwy](?![aeiou])", ""), ("(?<!^)[aeiou]+", ""),
        ("^[aeiou]+", "A"), (r"(.)\1+", r"\1"),
    )  # fmt: skip
    for pattern, letter in steps:
        word = re.sub(pattern, letter, word)
    return word


def slips(one: str, other: str) -> int:
    """Levenshtein's distance, by its definition."""
    if not one or not other:
        return len(one) + len(other)
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i, j in itertools.product(range(1, len(one) + 1), range(1, len(other) + 1)):
        table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (one[i - 1] != other[j - 1]))
    return table[len(one), len(other)]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("WEST12345698765432GB", "82"),  # the registry's example: GB82 WEST 1234 5698 7654 32
        ("370400440532013000DE", "89"),  # DE89 3704 0044 0532 0130 00
        ("539007547034RF", "18"),  # ISO 11649's example: RF18 5390 0754 7034
    ],
)
def test_the_digits_are_those_of_the_standard(text: str, digits: str) -> None:
    assert pseudonym.check_digits(text) == digits


def test_by_hand() -> None:
    """C O P P E R, five empty places, H E R O N, and the digits: divided by 97, 1 is left over."""
    letters = "122425251427" + "0000000000" + "1714272423"
    (digits,) = [d for d in range(2, 99) if int(f"{letters}{d:02}") % 97 == 1]
    assert Pseudonym("copper", "heron").digits == f"{digits:02}" == "93"
    assert (Pseudonym("copper", "heron").words, Pseudonym("copper", "heron").slug) == (
        "Copper Heron",
        "copper-heron-93",
    )


@given(ANY)
def test_it_reads_what_it_writes(one: Pseudonym) -> None:
    for text in (str(one), one.slug, str(one).upper(), f"  {one.first}{one.second.join('--')}{one.digits}. "):
        assert parse(text) == one
    assert parse(f"{one.first} \N{EN DASH} {one.second}  {one.digits}\n") == one
    assert pseudonym.checked(one.words, f" {one.digits} ") == one
    assert pseudonym.parse_words(one.words) == one


def test_any_one_wrong_word_is_found() -> None:
    """Not by chance: every word with every other of its list, beside every word of the other list."""
    for first in FIRST:
        assert len({Pseudonym(first, second).digits for second in SECOND}) == len(SECOND)
    for second in SECOND:
        assert len({Pseudonym(first, second).digits for first in FIRST}) == len(FIRST)


@given(ANY, st.integers(0, 99))
def test_other_digits_are_found_and_the_right_ones_not_told(one: Pseudonym, digits: int) -> None:
    if f"{digits:02}" == one.digits:
        return
    with pytest.raises(NotAPseudonym) as caught:
        parse(f"{one.words} {digits:02}")
    assert caught.value.key == "wrong-digits"
    assert one.digits not in caught.value.sentence + caught.value.what_to_do


@given(ANY)
def test_swapped_digits_and_swapped_words_are_found(one: Pseudonym) -> None:
    if one.digits != one.digits[::-1]:
        with pytest.raises(NotAPseudonym, match="not"):
            parse(f"{one.words} {one.digits[::-1]}")
    with pytest.raises(NotAPseudonym, match=r"never the first word") as caught:
        parse(f"{one.second} {one.first} {one.digits}")
    assert caught.value.key == "unknown-word"


@given(ANY, st.data())
def test_a_slip_of_the_pen_gets_a_hint(one: Pseudonym, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(one.second) - 1))
    letter = data.draw(st.sampled_from(["", "q", one.second[at] * 2]))
    written = one.second[:at] + letter + one.second[at + 1 :]
    if written in SECOND:
        return
    with pytest.raises(NotAPseudonym) as caught:
        parse(f"{one.first} {written} {one.digits}")
    assert caught.value.what_to_do == f"Does the referral sheet say {one.second.capitalize()}?"


@given(st.text(max_size=90) | st.from_regex(r"\A[A-Za-z]{1,12}[ -][a-z]{1,12} [0-9]{0,3}\Z"))
def test_anything_else_is_refused_in_words(text: str) -> None:
    with contextlib.suppress(NotAPseudonym):
        assert parse(text).digits in text


@pytest.mark.parametrize(
    "text", ["", "copper", "copper heron", "copper heron 9", "copper heron 093", "93 copper heron"]
)
def test_what_is_not_two_words_and_two_digits(text: str) -> None:
    with pytest.raises(NotAPseudonym) as caught:
        parse(text)
    assert caught.value.key == "not-words"


def test_far_from_any_word_there_is_no_hint() -> None:
    assert pseudonym.nearest("zzzzz", SECOND) is None
    assert pseudonym.nearest("hern", SECOND) == "heron"


def test_new_ones_are_not_taken_until_all_are() -> None:
    chance, taken = random.Random(6), set[Pseudonym]()
    for _ in range(50):
        taken.add(pseudonym.new(chance, taken))
    assert len(taken) == 50
    everyone = {Pseudonym(first, second) for first in FIRST for second in SECOND}
    left = Pseudonym("copper", "heron")
    assert pseudonym.new(chance, everyone - {left}) == left
    with pytest.raises(LookupError):
        pseudonym.new(chance, everyone)


# The words


def test_enough_for_a_ward_and_all_of_them_short_and_plain() -> None:
    assert len(FIRST) * len(SECOND) > 5000
    for word in FIRST + SECOND:
        assert re.fullmatch("[a-z]{4,10}", word), word
    assert not set(FIRST) & set(SECOND), "so that swapped words are seen"
    assert list(FIRST) == sorted(FIRST)
    assert list(SECOND) == sorted(SECOND)


def test_no_word_is_a_given_name() -> None:
    assert not NAMES & {*FIRST, *SECOND}


def test_no_word_is_of_the_body_or_of_illness_nor_frightens_or_mocks() -> None:
    harmful = re.compile("|".join(HARMFUL))
    found = [word for word in FIRST + SECOND if harmful.search(word)]
    assert found == []


def test_no_two_words_sound_alike() -> None:
    assert sounds("cheetah") == sounds("cheater")[:2]
    assert sounds("knight") == sounds("nite")
    for one, other in itertools.combinations(FIRST + SECOND, 2):
        assert sounds(one) != sounds(other), (one, other)


def test_no_two_words_of_a_list_look_alike() -> None:
    assert slips("kitten", "sitting") == 3
    for words in (FIRST, SECOND):
        for one, other in itertools.combinations(words, 2):
            if abs(len(one) - len(other)) < 3:
                assert slips(one, other) >= 3, (one, other)
