import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseVerifierKey, verifyExport, verifyLog } from '@bulkhead/tlog'
import { directorySource } from '../../../cli/src/audit/sources.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { startAudit, testSigner } from '../support/audit.ts'
import { replay } from './replay.ts'

interface World extends AsyncDisposable {
  readonly api: ApiFixture
  readonly work: string
  /** The key of the log is where the attacker is, and not in the keyring. */
  readonly attackerHasKey: boolean
}

interface Loot {
  readonly undetected: readonly string[]
  readonly deeds: number
  readonly randomEdits: number
  readonly randomUndetected: number
  readonly untouchedVerifies: boolean
}

const ACTS = 40
const RANDOM_EDITS = 200
const SEED = Buffer.alloc(32, 42)
const RECORDS = 'records/000000000.ndjson'

async function startWorld(attackerHasKey: boolean): Promise<World> {
  const api = await startApi()
  const work = mkdtempSync(join(tmpdir(), 'bulkhead-x02-'))
  return {
    api,
    work,
    attackerHasKey,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]()
      rmSync(work, { recursive: true, force: true })
    },
  }
}

/** Rewrites history in every way there is; what the customer checks with is the key that he wrote down and a checkpoint that he kept. */
async function tamper({ api, work, attackerHasKey }: World): Promise<Loot> {
  const { key } = await api.workspace('Tampered')
  const act = (n: number) => api.call(key, 'POST', '/v1/suppressions', { email: `reader${n}@example.com` })
  const files = join(work, 'log')
  const older = join(work, 'older')
  const signer = attackerHasKey ? testSigner(SEED) : api.keyring('audit')
  let vkey: string
  {
    await using audit = startAudit(api.database, { directory: files, signer })
    for (let n = 0; n < ACTS; n++) await act(n)
    await audit.settle()
    cpSync(files, older, { recursive: true })
    for (let n = 0; n < ACTS; n++) await act(ACTS + n)
    await audit.settle()
    vkey = await audit.vkey()
  }
  const kept = readFileSync(join(files, 'checkpoint'), 'utf8')
  if (attackerHasKey) writeFileSync(join(files, 'records/statements.json'), '[]')
  const exported = (await api.call(key, 'GET', '/v1/audit/export')).text.trimEnd().split('\n')
  const forged = await forge(work, attackerHasKey ? SEED : Buffer.alloc(32, 13))

  const trust = (since: string | null) => ({ key: parseVerifierKey(vkey), witnesses: [], since })
  const holds = async (directory: string, since: string | null = null): Promise<boolean> =>
    (await verifyLog(directorySource(directory), trust(since))).ok
  const exportHolds = async (lines: readonly string[]): Promise<boolean> =>
    (await verifyExport(lines, trust(null))).ok
  const untouchedVerifies = (await holds(files)) && (attackerHasKey || (await exportHolds(exported)))

  const size = Number(kept.split('\n')[1])
  const deeds: [string, () => Promise<boolean>][] = [
    ...fileDeeds(size).map(([what, deed]): [string, () => Promise<boolean>] => [
      what,
      async () => {
        const copy = mkdtempSync(join(work, 'copy-'))
        cpSync(files, copy, { recursive: true })
        deed(copy)
        return holds(copy)
      },
    ]),
    ...exportDeeds().map(([what, deed]): [string, () => Promise<boolean>] => [
      what,
      () => {
        const tampered = deed([...exported])
        if (tampered.join('\n') === exported.join('\n')) throw new Error(`nothing was changed: ${what}`)
        return exportHolds(tampered)
      },
    ]),
    ['the log rolled back to an older state', () => holds(older, kept)],
    ['the whole log forged anew', () => holds(forged)],
  ]
  const undetected: string[] = []
  for (const [what, deed] of deeds) if (await deed()) undetected.push(what)
  let randomUndetected = 0
  for (let n = 0; n < RANDOM_EDITS; n++) if (await randomEdit(exported, exportHolds)) randomUndetected += 1
  return { undetected, deeds: deeds.length, randomEdits: RANDOM_EDITS, randomUndetected, untouchedVerifies }
}

/** Another history under the same name: a log that is consistent in itself. */
async function forge(work: string, seed: Buffer<ArrayBuffer>): Promise<string> {
  const directory = join(work, 'forged')
  await using other = await startApi()
  await using audit = startAudit(other.database, { directory, signer: testSigner(seed) })
  const { key } = await other.workspace('Tampered')
  for (let n = 0; n < 10; n++)
    await other.call(key, 'POST', '/v1/suppressions', { email: `other${n}@example.com` })
  await audit.settle()
  writeFileSync(join(directory, 'records/statements.json'), '[]')
  return directory
}

/** A deed that changes nothing would prove nothing. */
const edit = (file: string, change: (content: Buffer) => Buffer | string) => (directory: string) => {
  const content = readFileSync(join(directory, file))
  const changed = Buffer.from(change(Buffer.from(content)))
  if (changed.equals(content)) throw new Error(`nothing was changed in ${file}`)
  writeFileSync(join(directory, file), changed)
}
const onLines = (change: (all: string[]) => string[]) => (content: Buffer) =>
  `${change(content.toString().trimEnd().split('\n')).join('\n')}\n`
const swapped = (all: readonly string[], a: number, b: number): string[] =>
  all.map((line, at) => all[at === a ? b : at === b ? a : at] ?? line)

/** One bit of one byte. */
const flip = (at: number) => (bytes: Buffer) => {
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

function fileDeeds(size: number): [string, (directory: string) => void][] {
  const tile = `tile/0/000.p/${size}`
  const bundle = `tile/entries/000.p/${size}`
  return [
    [
      'a record deleted from the files',
      edit(
        RECORDS,
        onLines((all) => all.filter((_, at) => at !== 4)),
      ),
    ],
    [
      'a record altered in the files',
      edit(RECORDS, (text) => text.toString().replace('suppression.added', 'suppression.gone')),
    ],
    [
      'a record repeated in the files',
      edit(
        RECORDS,
        onLines((all) => [...all.slice(0, 5), all[4] ?? '', ...all.slice(5)]),
      ),
    ],
    [
      'two records of the files swapped',
      edit(
        RECORDS,
        onLines((all) => swapped(all, 4, 5)),
      ),
    ],
    [
      'the files cut off',
      edit(
        RECORDS,
        onLines((all) => all.slice(0, -3)),
      ),
    ],
    ['a hash of a tile altered', edit(tile, flip(40))],
    ['a tile cut off', edit(tile, (bytes) => bytes.subarray(32))],
    ['a commitment altered', edit(bundle, flip(60))],
    ['an entry dropped from its bundle', edit(bundle, (bytes) => bytes.subarray(2 + bytes.readUInt16BE(0)))],
    [
      'a smaller size in the checkpoint',
      edit('checkpoint', (text) => text.toString().replace(`\n${size}\n`, `\n${size - 1}\n`)),
    ],
    ['the signature taken away', edit('checkpoint', (text) => text.toString().split('\n\n')[0] ?? '')],
  ]
}

/** The first act. Unwraps of the keyring have their records too, and where they stand among the acts is chance. */
const alterAct = (lines: readonly string[], change: (line: string) => string): string[] => {
  const act = lines.findIndex((line) => line.includes('"suppression.added"'))
  return lines.map((line, at) => (at === act ? change(line) : line))
}
const removed = (line: string): string => line.replace('"suppression.added"', '"suppression.removed"')

function exportDeeds(): [string, (lines: string[]) => string[]][] {
  return [
    ['a record deleted from an export', (lines) => lines.filter((_, at) => at !== 5)],
    ['a record altered in an export', (lines) => alterAct(lines, removed)],
    [
      'a record altered in an export, with the genuine one where the other format has it',
      (lines) =>
        alterAct(lines, (line) => {
          const original = line.slice(line.indexOf('"record":') + '"record":'.length, -1)
          return `${removed(line).slice(0, -1)},"event":${JSON.stringify({ original })}}`
        }),
    ],
    ['a record repeated in an export', (lines) => [...lines.slice(0, 6), lines[5] ?? '', ...lines.slice(6)]],
    ['two records of an export swapped', (lines) => swapped(lines, 5, 6)],
    ['an export cut off', (lines) => lines.slice(0, 10)],
  ]
}

/** One character of one record, anywhere; answers whether it went unseen. */
async function randomEdit(
  exported: readonly string[],
  holds: (lines: readonly string[]) => Promise<boolean>,
): Promise<boolean> {
  const line = 1 + randomInt(exported.length - 2)
  const text = exported[line] ?? ''
  const begin = text.indexOf('"record":{') + '"record":{'.length
  const place = begin + randomInt(text.lastIndexOf('}') - begin)
  const other = text[place] === '7' ? '8' : '7'
  return holds(exported.with(line, text.slice(0, place) + other + text.slice(place + 1)))
}

replay<World, Loot>(
  {
    id: 'X-02',
    source: 'replays §1.7',
    attack:
      'whoever holds the database and the files of the log → deletes, alters, repeats, reorders, cuts off, rolls back and forges records',
    bound:
      'every deed is detected offline, with the key that was written down and a checkpoint that was kept',
    control: 'the signing key is not in the keyring but with the attacker: a forged log verifies',
  },
  {
    real: () => startWorld(false),
    control: () => startWorld(true),
    attack: tamper,
    judge: (loot) => ({
      breaches: [
        ...loot.undetected.map((deed) => `not detected: ${deed}`),
        ...(loot.randomUndetected === 0 ? [] : [`${loot.randomUndetected} random edits were not detected`]),
        ...(loot.untouchedVerifies ? [] : ['the untouched log does not verify']),
      ],
      evidence: {
        deeds: loot.deeds,
        undetected: loot.undetected.length,
        randomEdits: loot.randomEdits,
        randomUndetected: loot.randomUndetected,
      },
    }),
    succeeded({ undetected }) {
      if (!undetected.includes('the whole log forged anew')) throw new Error('the forged log was detected')
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
