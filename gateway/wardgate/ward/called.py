"""How a patient is called on paper and on pages."""

from __future__ import annotations

from wardgate.contract.pseudonym import NotAPseudonym, parse


def called(patient: str) -> str:
    """A pseudonym as people say it, `Copper Heron 93` of `copper-heron-93`; any other name as it is."""
    try:
        return str(parse(patient))
    except NotAPseudonym:
        return patient


def meant(text: str) -> str:
    """The patient as readings name them, of what somebody typed."""
    try:
        return parse(text).slug
    except NotAPseudonym:
        return text
