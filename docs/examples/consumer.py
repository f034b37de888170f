"""A ward in one file, with paho-mqtt and SQLite alone: take, check, commit, acknowledge.

    pip install "paho-mqtt>=2"
    python consumer.py --host broker.example --port 8883 --tls --database ward.db

It is meant to be read and changed. What it may rely on stands in docs/ward.md. Keep one thing as it is: the answer is
published after the commit, never before.
"""

from __future__ import annotations

import argparse
import json
import queue
import sqlite3
import sys
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TABLES = """
CREATE TABLE IF NOT EXISTS messages (
    hub TEXT, kind TEXT, id TEXT, revision INTEGER, payload TEXT, PRIMARY KEY (hub, kind, id, revision));
CREATE TABLE IF NOT EXISTS states (hub TEXT PRIMARY KEY, payload TEXT);
CREATE TABLE IF NOT EXISTS refused (hub TEXT, topic TEXT, reason TEXT, payload BLOB);
CREATE TABLE IF NOT EXISTS committed (hub TEXT, epoch TEXT, cumulative INTEGER, PRIMARY KEY (hub, epoch));
CREATE TABLE IF NOT EXISTS beyond (hub TEXT, epoch TEXT, seq INTEGER, PRIMARY KEY (hub, epoch, seq));
"""
NEEDED = {
    "reading": {"id": str, "epoch": str, "seq": int, "channel": str, "quantities": list, "time": dict},
    "test": {"id": str, "epoch": str, "seq": int, "channel": str, "quantities": list, "time": dict},
    "alert": {"id": str, "epoch": str, "seq": int, "revision": int, "state": str, "sentence": str},
    "event": {"id": str, "epoch": str, "seq": int, "code": str, "sentence": str},
    "state": {"epoch": str, "online": bool},
}
"""Only what this file needs. The JSON Schemas in docs/contract say everything, for a schema library of your choice."""


def checked(topic: str, payload: bytes) -> tuple[str, str, dict[str, Any], str]:
    """Hub, kind, message, and what is wrong with it ("" when nothing is)."""
    _, _, hub, _, kind = topic.split("/")
    try:
        message = json.loads(payload)
    except ValueError as error:
        return hub, kind, {}, f"it is no JSON: {error}"
    if not isinstance(message, dict):
        return hub, kind, {}, "it is no JSON object"
    for name, type_ in NEEDED[kind].items():
        if type(message.get(name)) is not type_:
            return hub, kind, message, f"`{name}` is missing or of another type"
    schema = f"wardgate/{'reading' if kind == 'test' else kind}/1"  # a test is a reading that is nobody's
    if message.get("schema") != schema:
        return hub, kind, message, f"its schema is not {schema}"
    if message.get("hub") != hub:
        return hub, kind, message, "it names another hub than its topic"
    return hub, kind, message, ""


class Ward:
    """Keeps what comes, each message once, and how far each hub's numbers are kept."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")  # committed means: on the disk
        self.db.executescript(TABLES)

    def commit(self, taken: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
        """Write a batch in one transaction. The answers that are due once this has returned."""
        answers: dict[tuple[str, str], dict[str, Any]] = {}
        self.db.execute("BEGIN IMMEDIATE")
        try:
            for topic, payload in taken:
                hub, kind, message, wrong = checked(topic, payload)
                epoch, seq = message.get("epoch"), message.get("seq")
                if wrong:
                    self.db.execute("INSERT INTO refused VALUES (?, ?, ?, ?)", (hub, topic, wrong, payload))
                    if not (isinstance(epoch, str) and isinstance(seq, int)):
                        continue  # nobody can be told
                answer = answers.setdefault((hub, str(epoch)), {"seqs": [], "refused": [], "floor": 0})
                if wrong:
                    answer["refused"].append({"seq": seq, "reason": wrong})
                elif kind == "state":
                    answer["floor"] = max(answer["floor"], message.get("floor", 0))
                    self.db.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", (hub, payload.decode()))
                else:
                    answer["seqs"].append(seq)
                    key = (hub, kind, message["id"], message.get("revision", 1), payload.decode())
                    new = self.db.execute("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?)", key).rowcount
                    if new:
                        sys.stdout.write(f"{hub} {kind} {message['id']}\n")
            acks = [self._advance(hub, epoch, answer) for (hub, epoch), answer in answers.items()]
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        return acks

    def _advance(self, hub: str, epoch: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Raise the cumulative number as far as there is no gap; it never falls."""
        row = self.db.execute("SELECT cumulative FROM committed WHERE hub = ? AND epoch = ?", (hub, epoch)).fetchone()
        cumulative = max(row[0] if row else 0, answer["floor"])
        for seq in answer["seqs"]:
            self.db.execute("INSERT OR IGNORE INTO beyond VALUES (?, ?, ?)", (hub, epoch, seq))
        held = self.db.execute(
            "SELECT seq FROM beyond WHERE hub = ? AND epoch = ? AND seq > ? ORDER BY seq", (hub, epoch, cumulative)
        )
        for (seq,) in held.fetchall():
            if seq != cumulative + 1:
                break
            cumulative = seq
        self.db.execute("DELETE FROM beyond WHERE hub = ? AND epoch = ? AND seq <= ?", (hub, epoch, cumulative))
        self.db.execute("INSERT OR REPLACE INTO committed VALUES (?, ?, ?)", (hub, epoch, cumulative))
        return {
            "schema": "wardgate/ack/1",
            "hub": hub,
            "epoch": epoch,
            "cumulative": cumulative,
            "selective": sorted(seq for seq in answer["seqs"] if seq > cumulative),
            "refused": answer["refused"],
        }


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A ward in one file.")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, default=8883)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--name", default="example-ward", help="client id; the broker keeps messages for it")
    parser.add_argument("--database", default="ward.db")
    options = parser.parse_args()

    arrived: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
    greeted: set[str] = set()
    client = Client(CallbackAPIVersion.VERSION2, client_id=options.name, protocol=MQTTv5)

    def on_connect(*_: object) -> None:
        greeted.clear()
        client.subscribe("wardgate/1/+/up/+", qos=1)

    def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic.rpartition("/")[2] in NEEDED:
            arrived.put((message.topic, bytes(message.payload)))

    client.on_connect = on_connect
    client.on_message = on_message
    if options.tls:
        client.tls_set()
    session = Properties(PacketTypes.CONNECT)
    session.SessionExpiryInterval = 7 * 24 * 3600
    client.connect(options.host, options.port, clean_start=False, properties=session)
    client.loop_start()
    ward = Ward(options.database)
    sys.stderr.write("ready\n")
    while True:
        taken = [arrived.get()]
        while not arrived.empty():
            taken.append(arrived.get())
        for ack in ward.commit(taken):
            ack["resume"] = ack["hub"] not in greeted  # the first answer over a connection: send what is waiting
            greeted.add(ack["hub"])
            client.publish(f"wardgate/1/{ack['hub']}/down/ack", json.dumps(ack), qos=1)


if __name__ == "__main__":
    main()
