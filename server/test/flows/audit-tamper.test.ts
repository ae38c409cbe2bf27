import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc } from '@fast-check/vitest'
import { parseVerifierKey, verifyExport, verifyLog } from '@bulkhead/tlog'
import type { Verdict } from '@bulkhead/tlog'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { directorySource, urlSource } from '../../../cli/src/audit/sources.ts'
import { createWitnessServer } from '../../../cli/src/witness/witness-server.ts'
import { openWitnessState } from '../../../cli/src/witness/witness-state.ts'
import type { Witness } from '../../src/security/audit/index.ts'
import { until } from '../constellation/installation.ts'
import { startAudit, testSigner } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

/**
 * delete, alter, insert, reorder, truncate, roll back and fork, in the database, the files, the checkpoint, the export and
 * before a witness. Each is done to a log that verifies untouched: the control of every case.
 */
let api: ApiFixture
let key: string
let files: string
let vkey: string
let exported: string[]
let published: string
const vault: string[] = []
const temporary = (name: string): string => {
  const made = mkdtempSync(join(tmpdir(), `bulkhead-${name}-`))
  vault.push(made)
  return made
}

beforeAll(async () => {
  api = await startApi()
  key = (await api.workspace('Tampered')).key
  files = temporary('log')
  await using audit = startAudit(api.database, { directory: files, signer: api.keyring('audit') })
  for (let at = 0; at < 30; at++) await act(`${at}@example.com`)
  await api.call(key, 'GET', '/v1/suppressions')
  await audit.settle()
  vkey = await audit.vkey()
  exported = (await api.call(key, 'GET', '/v1/audit/export')).text.trimEnd().split('\n')
  published = readFileSync(join(files, 'checkpoint'), 'utf8')
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  for (const directory of vault) rmSync(directory, { recursive: true, force: true })
})

const act = (email: string) => api.call(key, 'POST', '/v1/suppressions', { email })
const trust = (since: string | null = null) => ({ key: parseVerifierKey(vkey), witnesses: [], since })
const ofDirectory = (directory: string, since: string | null = null): Promise<Verdict> =>
  verifyLog(directorySource(directory), trust(since))
const ofExport = (lines: readonly string[]): Promise<Verdict> => verifyExport(lines, trust())
const size = (): number => Number(published.split('\n')[1])

describe('an altered export', () => {
  const changes: [string, (lines: string[]) => string[]][] = [
    ['a record deleted', (lines) => lines.filter((_, at) => at !== 5)],
    ['a record deleted and the count corrected', (lines) => recount(lines.filter((_, at) => at !== 5))],
    [
      'a record altered',
      (lines) =>
        lines.map((line, at) => (at === 5 ? line.replace('suppression.added', 'suppression.removed') : line)),
    ],
    ['a record inserted twice', (lines) => recount([...lines.slice(0, 6), lines[5]!, ...lines.slice(6)])],
    ['two records swapped', (lines) => lines.map((_, at) => lines[at === 5 ? 6 : at === 6 ? 5 : at]!)],
    ['its end cut off', (lines) => lines.slice(0, -1)],
    ['half of it cut off', (lines) => lines.slice(0, 10)],
    [
      'a salt exchanged',
      (lines) =>
        lines.map((line, at) =>
          at === 5 ? line.replace(/"salt":"[^"]+"/, /"salt":"[^"]+"/.exec(lines[6]!)![0]) : line,
        ),
    ],
    [
      'an index moved',
      (lines) =>
        lines.map((line, at) =>
          at === 5 ? line.replace(/"index":(\d+)/, (_, n) => `"index":${Number(n) + 1}`) : line,
        ),
    ],
    [
      'another size signed',
      (lines) => lines.map((line) => line.replace(`\\n${size()}\\n`, `\\n${size() + 1}\\n`)),
    ],
    [
      'a member added to a record',
      (lines) => lines.map((line, at) => (at === 5 ? line.replace('"record":{', '"record":{"a":1,') : line)),
    ],
  ]
  it('verifies untouched', async () => {
    expect((await ofExport(exported)).ok).toBe(true)
  })
  it.each(changes)('is detected with %s', async (_what, change) => {
    const changed = change([...exported])
    expect(changed).not.toEqual(exported)
    expect((await ofExport(changed)).ok).toBe(false)
  })
  it('is detected with any byte altered that is not white space or a remark', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), async (line, place) => {
        // The header repeats origin, size and filter for people; entries have nothing that is not proved.
        const at = 1 + (line % (exported.length - 2))
        const text = exported[at]!
        const place_ = place % text.length
        const other = text[place_] === '7' ? '8' : '7'
        const changed = exported.with(at, text.slice(0, place_) + other + text.slice(place_ + 1))
        const verdict = await ofExport(changed)
        const isSame = JSON.stringify(safe(changed[at]!)) === JSON.stringify(safe(text))
        expect(verdict.ok).toBe(isSame)
      }),
      { numRuns: 200 },
    )
  })
})

function safe(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function recount(lines: string[]): string[] {
  return lines.map((line, at) =>
    at === lines.length - 1 ? line.replace(/"entries":\d+/, `"entries":${lines.length - 2}`) : line,
  )
}

const tile = (): string => `tile/0/000.p/${size()}`
const bundle = (): string => `tile/entries/000.p/${size()}`
const RECORDS = 'records/000000000.ndjson'
const edit = (file: string, change: (content: Buffer) => Buffer | string) => (directory: string) =>
  writeFileSync(join(directory, file), change(readFileSync(join(directory, file))))
const lines = (change: (all: string[]) => string[]) => (content: Buffer) =>
  `${change(content.toString().trimEnd().split('\n')).join('\n')}\n`

describe('altered files', () => {
  const changes: [string, (directory: string) => void][] = [
    ['a bit of a tile', (d) => edit(tile(), (bytes) => flip(bytes, 40))(d)],
    ['a tile truncated', (d) => edit(tile(), (bytes) => bytes.subarray(32))(d)],
    ['a tile gone', (d) => rmSync(join(d, tile()))],
    ['a commitment altered', (d) => edit(bundle(), (bytes) => flip(bytes, 60))(d)],
    [
      'an entry dropped from a bundle',
      (d) => edit(bundle(), (bytes) => bytes.subarray(2 + bytes.readUInt16BE(0)))(d),
    ],
    [
      'a record altered',
      edit(RECORDS, (bytes) => bytes.toString().replace('suppression.added', 'suppression.gone')),
    ],
    [
      'a record deleted',
      edit(
        RECORDS,
        lines((all) => all.filter((_, at) => at !== 4)),
      ),
    ],
    [
      'two records swapped',
      edit(
        RECORDS,
        lines((all) => all.map((_, at) => all[at === 4 ? 5 : at === 5 ? 4 : at]!)),
      ),
    ],
    [
      'a record invented at the end of a bundle',
      (d) =>
        edit(bundle(), (bytes) => Buffer.concat([bytes, bytes.subarray(0, 2 + bytes.readUInt16BE(0))]))(d),
    ],
    [
      'the last records cut off',
      edit(
        RECORDS,
        lines((all) => all.slice(0, -3)),
      ),
    ],
    [
      'the checkpoint of another size',
      edit('checkpoint', (bytes) => bytes.toString().replace(`\n${size()}\n`, `\n${size() - 1}\n`)),
    ],
    ['a checkpoint without its signature', edit('checkpoint', (bytes) => bytes.toString().split('\n\n')[0]!)],
    [
      'a statement of more unwraps',
      edit('records/statements.json', (bytes) => bytes.toString().replace(/count \d+/, 'count 999')),
    ],
  ]
  it('verify untouched', async () => {
    const verdict = await ofDirectory(files)
    expect([verdict.ok, verdict.findings.filter((item) => item.state === 'failed')]).toEqual([true, []])
    expect(
      verdict.findings.some(
        (item) => item.what === 'unwraps' && item.detail.includes('all of them are here'),
      ),
    ).toBe(true)
  })
  it.each(changes)('are detected: %s', async (_what, change) => {
    const copy = temporary('copy')
    cpSync(files, copy, { recursive: true })
    change(copy)
    expect((await ofDirectory(copy)).ok).toBe(false)
  })
})

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = copy[at]! ^ 1
  return copy
}

const sql = (text: string) => api.database.pool('superuser').query(text)
const verifyServed = () =>
  verifyLog(urlSource(`${api.url}/audit`, new AbortController().signal), trust(published))
const fresh = async (): Promise<Verdict> =>
  ofExport((await api.call(key, 'GET', '/v1/audit/export')).text.trimEnd().split('\n'))

/** Keeps the tables, does the deed, judges, and puts everything back. */
async function during(deed: string, judge: () => Promise<Verdict>): Promise<Verdict> {
  const tables = ['audit_entry', 'audit_tile', 'audit_state']
  for (const table of tables) await sql(`create table kept_${table} as table ${table}`)
  try {
    await sql(deed)
    return await judge()
  } finally {
    for (const table of tables) {
      await sql(`truncate ${table}`)
      await sql(`insert into ${table} select * from kept_${table}`)
      await sql(`drop table kept_${table}`)
    }
  }
}

describe('an altered database', () => {
  const record = `replace(record, 'suppression.added', 'suppression.ended')`
  // Not any place: unwraps of the keyring come in between as they like.
  const somewhere = `index = (select min(index) from audit_entry where action = 'suppression.added')`
  const changes: [string, string, () => Promise<Verdict>][] = [
    ['a record altered', `update audit_entry set record = ${record} where ${somewhere}`, fresh],
    [
      'a record altered with its commitment',
      `update audit_entry set record = ${record}, commitment = sha256(salt || convert_to(${record}, 'UTF8')) where ${somewhere}`,
      fresh,
    ],
    ['a commitment altered', `update audit_entry set commitment = sha256('') where index = 6`, verifyServed],
    ['an entry deleted', `delete from audit_entry where index = 6`, fresh],
    [
      'two entries swapped',
      `update audit_entry set index = case index when 6 then 1007 else 6 end where index in (6, 7); update audit_entry set index = 7 where index = 1007`,
      fresh,
    ],
    [
      'a tile altered',
      `update audit_tile set hashes = set_byte(hashes, 40, 1 - get_byte(hashes, 40) % 2) where level = 0`,
      verifyServed,
    ],
    [
      'rolled back',
      `update audit_state set checkpoint_size = 3, checkpoint = replace(checkpoint, E'\\n' || checkpoint_size || E'\\n', E'\\n3\\n')`,
      verifyServed,
    ],
  ]
  it('verifies untouched', async () => {
    expect([(await verifyServed()).ok, (await fresh()).ok]).toEqual([true, true])
  })
  it.each(changes)('is detected: %s', async (_what, deed, judge) => {
    const parts = deed.split('; ')
    const verdict = await during(parts[0]!, async () => {
      for (const part of parts.slice(1)) await sql(part)
      return judge()
    })
    expect(verdict.ok).toBe(false)
    expect([(await verifyServed()).ok, (await fresh()).ok]).toEqual([true, true])
  })
})

describe('a witness', () => {
  const open: { server: Server; state: Disposable }[] = []
  afterEach(() => {
    for (const { server, state } of open.splice(0)) {
      server.closeAllConnections()
      server.close()
      state[Symbol.dispose]()
    }
  })
  async function startWitness(directory: string, log: string): Promise<Witness> {
    const state = openWitnessState(directory, 'witness.test')
    const server = createWitnessServer({
      state,
      logs: [parseVerifierKey(log)],
      nowMs: Date.now,
      onAnswer: () => undefined,
    })
    open.push({ server, state })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return {
      url: `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}`,
      key: state.signer.key,
    }
  }

  it('cosigns a log that grows, refuses its fork and its roll-back, and keeps the log from going on behind it', async () => {
    await using other = await startApi()
    const memory = temporary('witness')
    const signer = testSigner()
    const log = (await signer.auditKey()).vkey
    const witness = await startWitness(memory, log)
    const good = temporary('good')
    {
      await using audit = startAudit(other.database, { directory: good, signer, witnesses: [witness] })
      await other.workspace('One')
      await audit.settle()
      await other.workspace('Two')
      const grown = await audit.settle()
      await until('the cosignature', 10_000, async () => {
        const verdict = await verifyLog(directorySource(good), {
          key: parseVerifierKey(log),
          witnesses: [witness.key],
          since: null,
        })
        return verdict.ok && grown >= 2
      })
    }
    // The same key, another history: what a hijacked signer would do.
    await using forked = await startApi()
    await using fork = startAudit(forked.database, {
      directory: temporary('fork'),
      signer: testSigner(),
      witnesses: [witness],
    })
    for (let at = 0; at < 6; at++) await forked.workspace(`Fork ${at}`)
    await fork.settle()
    const stateOf = async () =>
      (
        await forked.database
          .pool('superuser')
          .query<{ witnesses: { failures: number; problem: string }[] }>('select witnesses from audit_state')
      ).rows[0]!.witnesses[0]
    await until('the refusal', 10_000, async () => ((await stateOf())?.failures ?? 0) > 0)
    expect((await stateOf())?.problem).toMatch(/another history|has cosigned/)
    const verdict = await verifyLog(directorySource(fork.directory), {
      key: parseVerifierKey(log),
      witnesses: [witness.key],
      since: null,
    })
    expect(verdict.ok).toBe(false)
    // Against a checkpoint that somebody kept, the fork is seen without any witness.
    const kept = readFileSync(join(good, 'checkpoint'), 'utf8')
    expect(
      (
        await verifyLog(directorySource(fork.directory), {
          key: parseVerifierKey(log),
          witnesses: [],
          since: kept,
        })
      ).ok,
    ).toBe(false)
  })
})
