"""`wardgate status`: the page's truth as text."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from wardgate.cli.options import HUB_AWAY, PROBLEM, add_config, add_json, bare_or_exit, command, complain
from wardgate.cli.provision_words import status_words
from wardgate.control.client import HubAway, call, connect
from wardgate.control.messages import HubView, Status
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Installation
from wardgate.faces.words import Times, count
from wardgate.page.devices import card, in_order
from wardgate.page.verdict import verdict


def main(words: list[str]) -> int:
    """Exit status 0 when nothing needs attention, 1 when something does or nobody is the hub's patient, 69 when it does
    not answer."""
    parser = command("status", "Say how the hub is: what needs attention, what is fine, its devices and its delivery.")
    add_config(parser)
    add_json(parser)
    options = parser.parse_args(words)
    config = bare_or_exit(options.config)
    try:
        status: Status = call(config.control_socket, "status")
    except HubAway as error:
        complain(error.sentence, error.what_to_do)
        return HUB_AWAY
    except ControlError as error:
        return _without_patient(config.control_socket, error, as_json=options.json)
    print(msgspec.json.encode(status).decode() if options.json else "\n".join(lines(status)))
    return 0 if verdict(status).tone == "good" else PROBLEM


def _without_patient(socket: Path, refused: ControlError, *, as_json: bool) -> int:
    """How far the hub is set up. A program is told by its key that this is no status."""
    if as_json:
        told = {"key": refused.key, "sentence": refused.sentence, "what_to_do": refused.what_to_do}
        print(msgspec.json.encode(told).decode())
        return PROBLEM
    try:
        print(status_words(asyncio.run(_installation(socket))))
    except ControlError:
        complain(refused.sentence)
    complain(refused.what_to_do)
    return PROBLEM


async def _installation(socket: Path) -> Installation:
    async with connect(socket) as hub:
        return await hub.ask("installation", Installation)


def lines(status: Status) -> list[str]:
    """The status as a person reads it, worst first."""
    hub, times = status.hub, Times(ZoneInfo(status.hub.timezone), status.hub.now)
    found = verdict(status)
    text = [f"Hub {hub.hub}, patient {hub.patient}, {times.when(hub.now)}", "", f"{found.headline}. {found.said}"]
    text += [f"  {sentence}" for sentence in found.also]
    text += [found.fine, ""] if found.fine else [""]
    for device in in_order(status.devices):
        shown = card(device, times)
        text.append(f"{shown.title} ({device.id}), {shown.model}: {shown.word}")
        text += [f"  {shown.what_to_do}"] if shown.what_to_do else []
        text += [f"  {row.label + ':':19}{row.value}{f' ({row.note})' if row.note else ''}" for row in shown.rows]
    delivery = status.delivery
    text += ["", f"Stored {delivery.stored}, at the broker {delivery.at_broker}, at the ward {delivery.at_ward}."]
    if delivery.parked:
        text += [f"{delivery.parked} set aside: wardgate parked list."]
    text += [
        f"On trial, {trial.name} ({trial.rule}): would have raised {count(trial.raised, 'alert')} since "
        f"{times.when(trial.since)}, before the rate cap; the live rules raised {trial.live_raised}."
        f"{f' It broke: {trial.problem}.' if trial.problem else ''}"
        for trial in status.trials
    ]
    return [*text, *_configuration(hub), *_certificate(hub), hub.radio.sentence]


def _configuration(hub: HubView) -> list[str]:
    held = hub.configuration
    if held is None or held.problem:
        return []  # what does not hold stands above, among what needs attention
    named = f"The ward's configuration, version {held.version},"
    if held.proving:
        named += " is on probation: the hub runs with it. If that goes well for 10 minutes it stays; if not,"
        return [f"{named} what held before comes back by itself."]
    return [f"{named} was taken back. {held.taken_back}" if held.taken_back else f"{named} holds."]


def _certificate(hub: HubView) -> list[str]:
    held = hub.certificate
    if held is None:
        return []
    until, problem = f"{held.not_after:%d %B %Y}", f" Not renewed: {held.problem}" if held.problem else ""
    if held.days_left is not None and held.days_left <= 0:
        return [f"This hub's certificate ended on {until}: nothing reaches the ward.{problem}"]
    left = "" if held.days_left is None else f", {count(int(held.days_left), 'day')} from now"
    renews = "; it renews itself" if held.renews_itself else ""
    return [f"This hub's certificate ends on {until}{left}{renews}.{problem}"]
