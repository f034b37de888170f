"""Why an act of setting up was not done."""

from __future__ import annotations


class Refused(Exception):
    """Nothing was changed. `key` stays the same for the same reason; the sentences are for people."""

    def __init__(self, key: str, sentence: str, what_to_do: str) -> None:
        super().__init__(f"{sentence} {what_to_do}")
        self.key = key
        self.sentence = sentence
        self.what_to_do = what_to_do
