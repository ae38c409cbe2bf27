import { commitmentOf, parseLogEntry } from './audit-entry.ts'
import { parseCheckpointText } from './checkpoint.ts'
import type { Checkpoint, SignedCheckpoint } from './checkpoint.ts'
import { TlogFault } from './fault.ts'
import { edgeRoot, growTree } from './growth.ts'
import type { TreeEdge } from './growth.ts'
import { leafHash } from './merkle.ts'
import { parseNote } from './note.ts'
import { parseVerifierKey } from './note-keys.ts'
import { NumberTrail, parseRecord } from './record.ts'
import { decodeEntryBundle, tilePath, TILE_WIDTH, tileWidth } from './tiles.ts'
import { openUnwrapStatement, UnwrapTrail } from './unwraps.ts'
import { Findings, judgeCheckpoint, reason } from './verdict.ts'
import type { Trust, Verdict } from './verdict.ts'

/** A log that is read from files or over HTTP. Nothing of it is trusted. */
export interface LogSource {
  checkpoint(): Promise<string>
  /** The key that the log names for itself. */
  vkey(): Promise<string>
  /** The bytes of a tile; null where there is none. */
  tile(path: string): Promise<Uint8Array | null>
  /** The private halves of the entries from `from` to before `to`; null where the source has none. */
  records(from: number, to: number): Promise<readonly PrivateHalf[] | null>
  /** The keyrings' signed statements of their unwraps. */
  statements(): Promise<readonly string[]>
}

export interface PrivateHalf {
  readonly index: number
  /** Both null once erased. */
  readonly record: string | null
  readonly salt: Buffer | null
}

/** Reads the whole log: every entry, every tile, and the records where the source has them. */
export async function verifyLog(source: LogSource, trust: Trust): Promise<Verdict> {
  const findings = new Findings()
  try {
    const key = trust.key ?? parseVerifierKey((await source.vkey()).trim())
    const checkpoint = judgeCheckpoint(await source.checkpoint(), key, trust, findings)
    if (checkpoint === null) return findings.verdict()
    const since = trust.since === null ? null : parseCheckpointText(parseNote(trust.since).text)
    const statements = (await source.statements()).map((text) => openUnwrapStatement(text, key))
    const reading = new LogReading({
      source,
      checkpoint,
      since,
      findings,
      unwraps: new UnwrapTrail(statements),
    })
    await reading.run()
    reading.conclude()
    // The public half alone says nothing of unwraps.
    if (reading.hasRecords || !reading.unwraps.isEmpty)
      reading.unwraps.conclude(reading.hasRecords, findings, reading.erased)
  } catch (error) {
    findings.add('failed', 'log', reason(error))
  }
  return findings.verdict()
}

class LogReading {
  readonly #source: LogSource
  readonly #checkpoint: SignedCheckpoint
  readonly #since: Checkpoint | null
  readonly #findings: Findings
  readonly #numbers = new NumberTrail()
  readonly unwraps: UnwrapTrail
  hasRecords = true
  erased = 0
  #size = 0
  #edge: TreeEdge = []
  #oldRoot: Buffer | null = null

  constructor(deps: {
    readonly source: LogSource
    readonly checkpoint: SignedCheckpoint
    readonly since: Checkpoint | null
    readonly findings: Findings
    readonly unwraps: UnwrapTrail
  }) {
    this.#source = deps.source
    this.#checkpoint = deps.checkpoint
    this.#since = deps.since
    this.#findings = deps.findings
    this.unwraps = deps.unwraps
  }

  async run(): Promise<void> {
    const { size } = this.#checkpoint
    if (this.#since?.size === 0) this.#oldRoot = edgeRoot([])
    for (let index = 0; index * TILE_WIDTH < size; index++) {
      const width = tileWidth(0, index, size)
      const path = tilePath({ level: 'entries', index, width })
      const bundle = await this.#source.tile(path)
      if (bundle === null) throw new TlogFault(`${path} is missing`)
      const commitments = decodeEntryBundle(bundle, width).map((entry) => ({
        leaf: leafHash(entry),
        commitment: parseLogEntry(entry),
      }))
      await this.#records(commitments.map((item) => item.commitment))
      await this.#grow(commitments.map((item) => item.leaf))
    }
  }

  async #grow(leaves: readonly Buffer[]): Promise<void> {
    const old = this.#since?.size ?? -1
    if (old > this.#size && old <= this.#size + leaves.length)
      this.#oldRoot = edgeRoot(growTree(this.#size, this.#edge, leaves.slice(0, old - this.#size)).edge)
    const grown = growTree(this.#size, this.#edge, leaves)
    this.#size += leaves.length
    this.#edge = grown.edge
    for (const tile of grown.tiles) {
      const width = tileWidth(tile.level, tile.index, this.#checkpoint.size)
      if (tile.hashes.length !== width) continue
      const path = tilePath({ level: tile.level, index: tile.index, width })
      const bytes = await this.#source.tile(path)
      if (bytes === null || !Buffer.concat(tile.hashes).equals(bytes))
        throw new TlogFault(`${path} does not hold the hashes of its entries`)
    }
  }

  async #records(commitments: readonly Buffer[]): Promise<void> {
    const records = this.hasRecords
      ? await this.#source.records(this.#size, this.#size + commitments.length)
      : null
    if (records === null) {
      this.hasRecords = false
      return
    }
    for (const [at, commitment] of commitments.entries()) {
      const half = records[at]
      const index = this.#size + at
      if (half?.index !== index) throw new TlogFault(`the record of entry ${index} is missing`)
      if (half.record === null || half.salt === null) {
        this.erased += 1
        continue
      }
      if (!commitmentOf(half.salt, half.record).equals(commitment))
        throw new TlogFault(`the record of entry ${index} is not the one that the log committed to`)
      const record = parseRecord(half.record)
      this.#numbers.add(record)
      this.unwraps.add(record)
    }
  }

  conclude(): void {
    const { size, root } = this.#checkpoint
    this.#findings.check(
      edgeRoot(this.#edge).equals(root),
      'tree',
      `the ${size} entries and all tiles over them give the signed root`,
      'the entries do not give the root that was signed',
    )
    if (this.#since !== null)
      this.#findings.check(
        this.#since.origin === this.#checkpoint.origin && this.#oldRoot?.equals(this.#since.root) === true,
        'consistency',
        `the ${size} entries begin with the ${this.#since.size} of the old checkpoint`,
        `the log no longer begins with the ${this.#since.size} entries of the old checkpoint: it was rolled back or forked`,
      )
    if (!this.hasRecords) {
      this.#findings.add(
        'open',
        'records',
        'only the public half is here: what the entries say is in exports',
      )
      return
    }
    this.#findings.add(
      'proved',
      'records',
      `${size - this.erased} records are those that the log committed to${this.erased === 0 ? '' : `; ${this.erased} are erased`}`,
    )
    if (this.erased === 0)
      this.#findings.check(
        this.#numbers.problems.length === 0,
        'numbers',
        'the records of every workspace are numbered without gaps',
        this.#numbers.problems.join('; '),
      )
  }
}
