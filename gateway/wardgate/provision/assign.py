"""Giving the hub a patient: out of the ward's list where it keeps one, else by the referral sheet alone."""

from __future__ import annotations

import secrets

from wardgate.contract import pseudonym
from wardgate.contract.assigning import Assigned, Offered
from wardgate.contract.pseudonym import NotAPseudonym, Pseudonym
from wardgate.pathways.pathway import names, unknown
from wardgate.provision.refused import Refused
from wardgate.provision.ward_list import WardList


def read_back(words: str, digits: str) -> Pseudonym:
    """Whether the digits on the referral sheet belong to these words. The right ones are never told.

    Raises:
        Refused: they do not, or there are no such words.
    """
    try:
        return pseudonym.checked(words, digits)
    except NotAPseudonym as error:
        raise Refused(error.key, error.sentence, error.what_to_do) from error


def chosen(ward: WardList | None, words: str, digits: str) -> Offered:
    """Who it would be; nothing is changed. Blocking.

    Raises:
        Refused: the digits are wrong, the ward does not expect this patient, or does not answer.
    """
    one = read_back(words, digits)
    if ward is None:
        return Offered(words=one.words)
    for offered in ward.patients():
        if offered.words == one.words:
            return offered
    raise Refused(
        "not-listed", f"{one.words} is not in the ward's list.", "Look at the referral sheet again, then ring the ward."
    )


def given(
    ward: WardList | None, hub: str, words: str, digits: str, pathways: tuple[str, ...] | None
) -> tuple[str, Assigned]:
    """The words as people say them, and what the ward gives. Blocking. Asked again, the ward gives the same.

    Raises:
        Refused: the digits are wrong, a pathway is not known, or the ward says no or does not answer.
    """
    one = read_back(words, digits)
    for name in pathways or ():
        if name not in names():
            raise Refused("unknown-pathway", unknown(name), "Choose one of those.")
    if ward is not None:
        return one.words, ward.assign(one.words, digits, pathways)
    made = Assigned(patient=one.slug, assignment=f"{hub[:40]}-{secrets.token_hex(6)}", pathways=pathways or ())
    return one.words, made
