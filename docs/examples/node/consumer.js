// A ward in one file, with the npm package mqtt alone: take, check, commit, acknowledge.
//
//   npm install
//   node consumer.js mqtts://broker.example:8883 ward.jsonl
//
// It keeps what comes in a file of lines, written and synced before anything is acknowledged. Take a database in its
// place; keep the order. What it may rely on stands in docs/ward.md.

import fs from "node:fs";
import mqtt from "mqtt";

const NEEDED = {
  // Only what this file needs. The JSON Schemas in docs/contract say everything.
  reading: { id: "string", epoch: "string", seq: "number", channel: "string", time: "object" },
  test: { id: "string", epoch: "string", seq: "number", channel: "string", time: "object" },
  alert: { id: "string", epoch: "string", seq: "number", revision: "number", sentence: "string" },
  event: { id: "string", epoch: "string", seq: "number", code: "string", sentence: "string" },
  state: { epoch: "string", online: "boolean" },
};

/** Hub, kind, message, and what is wrong with it ("" when nothing is). */
function checked(topic, payload) {
  const [, , hub, , kind] = topic.split("/");
  let message;
  try {
    message = JSON.parse(payload);
  } catch (error) {
    return { hub, kind, message: {}, wrong: `it is no JSON: ${error.message}` };
  }
  if (message === null || typeof message !== "object" || Array.isArray(message)) {
    return { hub, kind, message: {}, wrong: "it is no JSON object" };
  }
  const missing = Object.entries(NEEDED[kind]).find(([name, type]) => typeof message[name] !== type);
  const schema = `wardgate/${kind === "test" ? "reading" : kind}/1`; // a test is a reading that is nobody's
  let wrong = "";
  if (missing) wrong = `\`${missing[0]}\` is missing or of another type`;
  else if (message.schema !== schema) wrong = `its schema is not ${schema}`;
  else if (message.hub !== hub) wrong = "it names another hub than its topic";
  return { hub, kind, message, wrong };
}

/** Keeps each message once, and how far each hub's numbers are kept. A line of the file is a message or a floor. */
class Ward {
  constructor(path) {
    this.keys = new Set();
    this.progress = new Map(); // hub and epoch -> { cumulative, beyond }
    if (fs.existsSync(path)) this.read(path);
    this.file = fs.openSync(path, "a", 0o600);
  }

  read(path) {
    const text = fs.readFileSync(path, "utf8");
    const whole = text.lastIndexOf("\n") + 1;
    // What stands behind the last whole line was torn by a crash, and was never acknowledged.
    if (whole < text.length) fs.truncateSync(path, Buffer.byteLength(text.slice(0, whole)));
    for (const line of text.slice(0, whole).split("\n").filter(Boolean)) this.apply(JSON.parse(line));
  }

  apply({ hub, kind, epoch, seq, floor, key }) {
    if (key) this.keys.add(key);
    const name = JSON.stringify([hub, epoch]);
    if (!this.progress.has(name)) this.progress.set(name, { hub, epoch, cumulative: 0, beyond: new Set() });
    const mine = this.progress.get(name);
    if (kind === "state") mine.cumulative = Math.max(mine.cumulative, floor);
    else mine.beyond.add(seq);
    while (mine.beyond.delete(mine.cumulative + 1)) mine.cumulative += 1;
    for (const old of mine.beyond) if (old <= mine.cumulative) mine.beyond.delete(old);
    return mine;
  }

  /** Write a batch and sync it. The answers that are due once this has returned. */
  commit(taken) {
    const lines = [];
    const refused = [];
    for (const { topic, payload } of taken) {
      const { hub, kind, message, wrong } = checked(topic, payload);
      const { epoch, seq, floor = 0 } = message;
      if (wrong) {
        if (typeof epoch === "string" && Number.isInteger(seq)) refused.push({ hub, epoch, seq, reason: wrong });
        continue;
      }
      const key = kind === "state" ? undefined : JSON.stringify([hub, kind, message.id, message.revision ?? 1]);
      const known = key !== undefined && (this.keys.has(key) || lines.some((line) => line.key === key));
      lines.push({ hub, kind, epoch, seq, floor, key, message: known ? undefined : message });
    }
    if (lines.length) fs.writeFileSync(this.file, lines.map((line) => JSON.stringify(line) + "\n").join(""));
    fs.fsyncSync(this.file);
    const answers = new Map();
    const answer = (hub, epoch) => {
      const name = JSON.stringify([hub, epoch]);
      if (!answers.has(name)) answers.set(name, { hub, epoch, seqs: [], refused: [] });
      return answers.get(name);
    };
    for (const line of lines) {
      this.apply(line);
      const mine = answer(line.hub, line.epoch);
      if (line.kind !== "state") mine.seqs.push(line.seq);
      if (line.message && line.kind !== "state") console.log(`${line.hub} ${line.kind} ${line.message.id}`);
    }
    for (const { hub, epoch, seq, reason } of refused) answer(hub, epoch).refused.push({ seq, reason });
    return [...answers.entries()].map(([name, { hub, epoch, seqs, refused: no }]) => {
      const cumulative = this.progress.get(name)?.cumulative ?? 0;
      const selective = seqs.filter((seq) => seq > cumulative).sort((a, b) => a - b);
      return { schema: "wardgate/ack/1", hub, epoch, cumulative, selective, refused: no };
    });
  }
}

const [url, path] = process.argv.slice(2);
if (!path) {
  console.error("usage: node consumer.js URL FILE");
  process.exit(2);
}
const ward = new Ward(path);
const greeted = new Set();
let waiting = [];
const client = mqtt.connect(url, {
  protocolVersion: 5,
  clientId: "example-ward-node", // the broker keeps messages for it
  clean: false,
  properties: { sessionExpiryInterval: 7 * 24 * 3600 },
});

client.on("connect", () => {
  greeted.clear();
  client.subscribe("wardgate/1/+/up/+", { qos: 1 }, () => console.error("ready"));
});

client.on("message", (topic, payload) => {
  if (!(topic.split("/")[4] in NEEDED)) return;
  if (waiting.push({ topic, payload: payload.toString() }) === 1) setTimeout(serve, 20);
});

function serve() {
  const taken = waiting;
  waiting = [];
  for (const ack of ward.commit(taken)) {
    ack.resume = !greeted.has(ack.hub); // the first answer over a connection: send what is waiting
    greeted.add(ack.hub);
    client.publish(`wardgate/1/${ack.hub}/down/ack`, JSON.stringify(ack), { qos: 1 });
  }
}
