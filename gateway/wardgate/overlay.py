"""What the ward has configured, over what the hub's own file says.

Kept beside the database as the signed envelopes themselves, in one file that is replaced as a whole. Of each part the
last word counts, so that at most five envelopes are kept. A file that is damaged, or that is about an earlier
assignment, changes nothing: the hub runs on its own file then, and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.checked import Unusable, did_you_mean
from wardgate.config import Alerts, Config, Ward, checked_whole
from wardgate.contract.commands import PARTS, Configuration, Envelope
from wardgate.contract.signing import PublicKey
from wardgate.durable import write_whole
from wardgate.pathways.known import LIMITS

NAME: Final = "ward-configuration.json"
LONGEST_CADENCE_H: Final = 24.0 * 31


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    version: int = 0
    """The highest that was applied."""
    envelopes: tuple[bytes, ...] = ()
    """In the order in which they were applied."""
    retired: tuple[str, ...] = ()
    """Keys of the hub's own file that the ward has taken back."""

    def digest(self) -> str:
        """It tells a damaged file. Who may write here needs no key."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class _Kept(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    record: Record
    sha256: str


class Overlay:
    """The hub's file and the ward's word on it. `config` is what holds."""

    def __init__(self, file: Config) -> None:
        self._file = file
        self._path = file.data_dir / NAME
        self.problem = ""
        """Why the ward's configuration does not hold; empty when it does, or there is none."""
        self.record = Record()
        self.config = file
        try:
            self.record = _read(self._path)
            self.config = self._over(self.record)
            words = _read_all(self.record.envelopes)
            if any(map(self._is_of_another, words)) and all(w.assignment != file.hub.assignment for w in words):
                self.problem = "What the ward configured was for another assignment and does not hold for this one."
        except Unusable as error:
            self.problem = str(error)

    @property
    def version(self) -> int:
        """Of the last configuration that was applied; 0 when there was none."""
        return self.record.version

    def keys(self) -> list[PublicKey]:
        """Who may command this hub now."""
        return [PublicKey.of(text) for text in self.config.ward.command_keys]

    def holds(self, nonce: str) -> bool:
        """Whether a configuration is among what is kept."""
        return any(configuration.nonce == nonce for configuration in _read_all(self.record.envelopes))

    def last_word(self) -> Configuration | None:
        """The last that holds of what the ward has said of limits, pathways or cadences; None: it has not."""
        if self.config is self._file:
            return None
        words = [w for w in _read_all(self.record.envelopes) if w.assignment == self._file.hub.assignment]
        return next((w for w in reversed(words) if w.speaks_of() & {"limits", "pathways", "cadences"}), None)

    def names(self, device: str) -> bool:
        """Whether a cadence of this device is among what the ward has configured."""
        return any(device in (word.cadences or {}) for word in _read_all(self.record.envelopes))

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
            envelopes=_last_words((*self.record.envelopes, envelope)),
            retired=self.record.retired,
        )
        if "command_keys" in new.speaks_of():
            record = msgspec.structs.replace(record, retired=self._retired(new))
        config = self._over(record)
        if str(signer) not in config.ward.command_keys:
            raise Unusable(
                [f"command_keys: the key {signer.id}, which signs this, has to stay until another one signs."]
            )
        return record, config

    def keep(self, record: Record, config: Config) -> None:
        """From the next start on this holds.

        Raises:
            OSError: the disk refuses; what was kept before stays.
        """
        _write(self._path, record)
        self.record, self.config = record, config

    def _over(self, record: Record) -> Config:
        if not record.envelopes:
            return self._file
        words = _read_all(record.envelopes)
        mine = [w for w in words if w.assignment == self._file.hub.assignment]
        config = msgspec.structs.replace(self._file, ward=Ward(command_keys=self._keys_of(words, record.retired)))
        for configuration in mine:
            config = _laid_over(config, self._file, configuration)
        return checked_whole(config)

    def _is_of_another(self, word: Configuration) -> bool:
        """Whether somebody's limits are in it who is not this hub's patient now."""
        return word.assignment != self._file.hub.assignment and bool(word.speaks_of() - {"command_keys"})

    def _keys_of(self, words: Sequence[Configuration], retired: Sequence[str]) -> tuple[str, ...]:
        """Keys are the hub's and not the patient's: what was said of them outlives an assignment."""
        introduced: tuple[str, ...] = ()
        for word in words:
            if "command_keys" in word.speaks_of():
                introduced = word.command_keys or ()
        own = [key for key in self._file.ward.command_keys if key not in retired]
        return tuple(dict.fromkeys((*introduced, *own)))

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
    record = _read(data_dir / NAME)
    kept = tuple(e for e, word in zip(record.envelopes, _read_all(record.envelopes), strict=True) if word.command_keys)
    if kept != record.envelopes:
        _write(data_dir / NAME, msgspec.structs.replace(record, envelopes=kept))


def _read(path: Path) -> Record:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        _read_all(kept.record.envelopes)
    except FileNotFoundError:
        return Record()
    except OSError as error:
        raise Unusable([f"{path} cannot be read: {error}."]) from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unusable([f"{path} is damaged."]) from None
    if kept.record.digest() != kept.sha256:
        raise Unusable([f"{path} is damaged."])
    return kept.record


def _write(path: Path, record: Record) -> None:
    write_whole(path, msgspec.json.encode(_Kept(record=record, sha256=record.digest())))


def _read_all(envelopes: Sequence[bytes]) -> list[Configuration]:
    """Raises msgspec.DecodeError: one is none."""
    signed = [msgspec.json.decode(envelope, type=Envelope).signed for envelope in envelopes]
    return [msgspec.json.decode(text, type=Configuration) for text in signed]


def _last_words(envelopes: Sequence[bytes]) -> tuple[bytes, ...]:
    """Without those whose every part a later one has set or taken back."""
    open_parts, kept = set(PARTS), []
    for envelope, word in reversed(list(zip(envelopes, _read_all(envelopes), strict=True))):
        if open_parts & word.speaks_of():
            open_parts -= word.speaks_of()
            kept.append(envelope)
    return tuple(reversed(kept))


def _laid_over(config: Config, file: Config, word: Configuration) -> Config:
    """One word on a configuration; what it takes back is as in the file again."""
    said = word.speaks_of()
    watch = config.watch
    if "pathways" in said:
        watch = msgspec.structs.replace(watch, pathways=file.watch.pathways if word.pathways is None else word.pathways)
    if "limits" in said:
        for section in ("weight", "saturation", "pressure"):
            watch = msgspec.structs.replace(watch, **{section: _limits(file, section, word.limits or {})})
    changes: dict[str, object] = {"watch": watch}
    if "cadences" in said:
        changes["device"] = _cadences(file, word.cadences or {})
    if "alerts" in said:
        changes["alerts"] = file.alerts if word.alerts is None else Alerts(**msgspec.structs.asdict(word.alerts))
    return msgspec.structs.replace(config, **changes)


def _limits(file: Config, section: str, limits: dict[str, float]) -> Struct:
    """Raises Unusable: there is no such limit, or nobody could mean it."""
    problems = []
    for name, value in limits.items():
        if name not in LIMITS:
            problems.append(f"limits: `{name}` is no limit. {did_you_mean(name, LIMITS)}")
        elif not LIMITS[name].least <= value <= LIMITS[name].most:
            limit = LIMITS[name]
            problems.append(f"limits: {name} has to be {limit.least:g} to {limit.most:g} {limit.unit}, not {value:g}.")
    if problems:
        raise Unusable(problems)
    mine = {name: value for name, value in limits.items() if LIMITS[name].section == section}
    own: Struct = getattr(file.watch, section)
    return msgspec.structs.replace(own, **mine)


def _cadences(file: Config, cadences: dict[str, float]) -> tuple[Struct, ...]:
    """Raises Unusable: there is no such device, or the cadence is none."""
    known = [device.id for device in file.device]
    problems = [
        f"cadences: `{name}` is no device here. {did_you_mean(name, known)}" for name in cadences if name not in known
    ]
    problems += [
        f"cadences: {name} has to be above 0 and at most {LONGEST_CADENCE_H:g} hours, not {hours:g}."
        for name, hours in cadences.items()
        if not 0 < hours <= LONGEST_CADENCE_H
    ]
    if problems:
        raise Unusable(problems)
    return tuple(
        msgspec.structs.replace(device, cadence_h=cadences.get(device.id, device.cadence_h)) for device in file.device
    )
