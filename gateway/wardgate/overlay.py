"""What the ward has configured, over what the hub's own file says.

Kept beside the database as the signed envelopes themselves, in one file that is replaced as a whole. Of each part the
last word counts, so that at most five envelopes are kept. A file that is damaged, or that is about an earlier
assignment, changes nothing: the hub runs on its own file then, and says so. Of one that names something which is
unknown here by now, all the rest holds. One under which the hub's program falls is taken back (`probation`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from wardgate.checked import Unusable
from wardgate.config import Config, Ward, checked_whole
from wardgate.contract.commands import Configuration, Part
from wardgate.contract.signing import PublicKey, key_problems
from wardgate.laying import laid_over
from wardgate.probation import Gone, Kept, Record, read, words, write

__all__ = ["NAME", "Overlay", "Record", "leave_patient"]

log: Final = logging.getLogger(__name__)

NAME: Final = "ward-configuration.json"


class Overlay:
    """The hub's file and the ward's word on it. `config` is what holds.

    Args:
        file: what the hub's own file says.
        boot_id: of the hub that starts with it now; None for whoever only looks.
    """

    def __init__(self, file: Config, boot_id: str | None = None) -> None:
        self._file = file
        self._path = file.data_dir / NAME
        self.problem = ""
        """Why the ward's configuration does not hold; empty when it does, or there is none."""
        self.left_out = ""
        """What of it does not hold while all the rest does."""
        self._kept = self._on_disk = Kept()
        self.config = file
        try:
            self._kept = self._on_disk = read(self._path)
            if boot_id is not None:
                self._kept = self._kept.started(boot_id)
            self.config, left_out = self._over(self._kept)
            self.left_out = " ".join(problem for _, problem in left_out)
            said = words(self.record.envelopes)
            if any(map(self._is_of_another, said)) and all(w.assignment != file.hub.assignment for w in said):
                self.problem = "What the ward configured was for another assignment and does not hold for this one."
        except Unusable as error:
            self.problem = str(error)

    @property
    def record(self) -> Record:
        """What the ward has said."""
        return self._kept.record

    @property
    def version(self) -> int:
        """Of the last configuration that was applied; 0 when there was none."""
        return self.record.version

    def keys(self) -> list[PublicKey]:
        """Who may command this hub now."""
        return [PublicKey.of(text) for text in self.config.ward.command_keys]

    def holds(self, nonce: str) -> bool:
        """Whether a configuration is among what is kept, and was not taken back."""
        return self.gone(nonce) is None and any(word.nonce == nonce for word in words(self.record.envelopes))

    def last_word(self) -> Configuration | None:
        """The last that holds of what the ward has said of limits, pathways or cadences; None: it has not."""
        if self.config is self._file:
            return None
        mine = [w for w in words(self.record.envelopes) if w.assignment == self._file.hub.assignment]
        parts = {"limits", "pathways", "cadences"}
        return next((w for w in reversed(mine) if self._kept.speaks_of(w) & parts), None)

    def names(self, device: str) -> bool:
        """Whether a cadence of this device is among what the ward has configured."""
        said = [word for word in words(self.record.envelopes) if "cadences" in self._kept.speaks_of(word)]
        return any(device in (word.cadences or {}) for word in said)

    def tried(self, new: Configuration, envelope: bytes, signer: PublicKey) -> tuple[Record, Config]:
        """What would be kept, and what would hold.

        Raises:
            Unusable: the configuration that came of it could not be used.
        """
        if not new.speaks_of():
            raise Unusable(["It says nothing."])
        twice = sorted(part for part in new.revert if getattr(new, part) is not None)
        if twice:
            raise Unusable([f"{part}: it is set and taken back at once." for part in twice])
        record = Record(
            version=new.version,
            envelopes=self._kept.last_words((*self.record.envelopes, envelope)),
            retired=self.record.retired,
        )
        if "command_keys" in new.speaks_of():
            record = msgspec.structs.replace(record, retired=self._retired(new))
        config, left_out = self._over(msgspec.structs.replace(self._kept, record=record))
        problems = [problem for nonce, problem in left_out if nonce == new.nonce]
        if problems:
            raise Unusable(problems)
        if str(signer) not in config.ward.command_keys:
            raise Unusable(
                [f"command_keys: the key {signer.id}, which signs this, has to stay until another one signs."]
            )
        return record, config

    def keep(self, record: Record, config: Config) -> None:
        """From the next start on this holds, on probation.

        Raises:
            OSError: the disk refuses; what was kept before stays.
        """
        self._keep(self._kept.applied(record))
        self.config = config

    # The probation

    @property
    def proving(self) -> bool:
        """Whether the hub runs with a configuration that is on probation."""
        return self._kept.probation is not None and bool(self._kept.probation.running)

    @property
    def all_gone(self) -> tuple[Gone, ...]:
        """The configurations that were taken back, the last one last."""
        return self._kept.gone

    def gone(self, nonce: str) -> Gone | None:
        """How a configuration was taken back; None when it was not."""
        return self._kept.is_gone(nonce)

    def begin(self) -> None:
        """The hub starts now: note it before anything else can fall. A disk that refuses stops no hub."""
        self._keep_if_possible(self._kept)

    def end(self) -> None:
        """The hub stops in order, or could not start for a reason of the machine's."""
        self._keep_if_possible(self._kept.ended())

    def prove(self) -> None:
        """The hub can live with what holds.

        Raises:
            OSError: the disk refuses; it stays on probation.
        """
        self._keep(self._kept.proven())

    def go_back(self, why: str) -> None:
        """From the next start on what held before the probation holds again; `why` is a sentence.

        Raises:
            OSError: the disk refuses; nothing has changed.
        """
        self._keep(self._kept.back(why))
        self.config, _ = self._over(self._kept)

    def _keep(self, kept: Kept) -> None:
        if kept != self._on_disk:
            write(self._path, kept)
        self._kept = self._on_disk = kept

    def _keep_if_possible(self, kept: Kept) -> None:
        try:
            self._keep(kept)
        except OSError as error:
            log.warning("how the hub does with the ward's configuration is not noted: %s", error)
            self._kept = kept

    def _over(self, kept: Kept) -> tuple[Config, list[tuple[str, str]]]:
        """What holds, and what is left out of it: nonces with sentences.

        Raises:
            Unusable: what comes of it contradicts itself.
        """
        if not kept.record.envelopes:
            return self._file, []
        said = words(kept.record.envelopes)
        mine = [w for w in said if w.assignment == self._file.hub.assignment and not kept.is_gone(w.nonce)]
        keys, left_out = self._keys_of(said, kept.record.retired)
        config = msgspec.structs.replace(self._file, ward=Ward(command_keys=keys))
        later: frozenset[Part] = frozenset()
        for word in reversed(mine):
            # The last word on a part is the only one that is used: what an earlier one got wrong harms nobody.
            parts = word.speaks_of() - later
            later |= parts
            config, problems = laid_over(config, self._file, word, parts)
            left_out += [(word.nonce, problem) for problem in problems]
        return checked_whole(config), left_out

    def _is_of_another(self, word: Configuration) -> bool:
        """Whether somebody's limits are in it who is not this hub's patient now."""
        return word.assignment != self._file.hub.assignment and bool(self._kept.speaks_of(word) - {"command_keys"})

    def _keys_of(
        self, said: Sequence[Configuration], retired: Sequence[str]
    ) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
        """Keys are the hub's and not the patient's: what was said of them outlives an assignment. And what of them
        cannot be used: an earlier version of the program may have kept a key that is refused by now."""
        introduced: list[str] = []
        left_out: list[tuple[str, str]] = []
        last = next((word for word in reversed(said) if "command_keys" in word.speaks_of()), None)
        if last is not None:
            wrong = {key: key_problems((key,)) for key in last.command_keys or ()}
            introduced = [key for key, problems in wrong.items() if not problems]
            left_out = [(last.nonce, f"command_keys: {why}") for problems in wrong.values() for why in problems]
        own = [key for key in self._file.ward.command_keys if key not in retired]
        return tuple(dict.fromkeys((*introduced, *own))), left_out

    def _retired(self, new: Configuration) -> tuple[str, ...]:
        """A key that somebody writes into the file later is good: whoever may do that holds the hub in their hands."""
        if new.command_keys is None:
            return ()
        gone = [key for key in self._file.ward.command_keys if key not in new.command_keys]
        return tuple(dict.fromkeys(gone))


def leave_patient(data_dir: Path) -> None:
    """Forget what was configured for a patient who has gone. Keys are the hub's and stay, as does the version.

    Raises:
        Unusable: the file is damaged; it holds for nobody.
        OSError: the disk refuses.
    """
    kept = read(data_dir / NAME)
    envelopes = kept.record.envelopes
    of_keys = tuple(e for e, word in zip(envelopes, words(envelopes), strict=True) if word.command_keys)
    left = Kept(record=msgspec.structs.replace(kept.record, envelopes=of_keys), gone=kept.gone)
    if left != kept:
        write(data_dir / NAME, left)
