import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { encodeEntryBundle, logEntry, newTiles, splitTile, tilePath, TILE_WIDTH } from '@bulkhead/tlog'
import { z } from 'zod'

/** Records in one file: some megabytes. */
const RECORDS_PER_FILE = 4_096

const Line = z.object({
  index: z.int().nonnegative(),
  commitment: z.base64(),
  record: z.string().nullable(),
  salt: z.base64().nullable(),
})

/** An entry with its private half, which is null once erased. */
export interface StoredEntry {
  readonly index: number
  /** Canonical JSON. */
  readonly record: string | null
  readonly salt: Buffer | null
  readonly commitment: Buffer
}

/** Reads the first `count` hashes of a tile of the log. */
type TileReader = (level: number, index: number, count: number) => Promise<Buffer>

/**
 * The log as files: `checkpoint` and `tile/…` in the layout of C2SP tlog-tiles, public; `records/…` with the private half, mode
 * 0600. They are written before a checkpoint is signed, so that a database that is restored from an older backup finds here what it
 * has lost. Only one process writes them.
 */
export interface LogFiles {
  /** Records on file. A line that a crash has cut off does not count and is removed. */
  size(): number
  append(entries: readonly StoredEntry[]): void
  /** Removes the private halves of these entries; those that are not on file are passed over. Answers how many there were. */
  erase(indexes: readonly number[]): number
  read(from: number, to: number): StoredEntry[]
  /** Writes the tiles and bundles that a tree of `size` needs and one of `before` had not. */
  writeTiles(before: number, size: number, hashes: TileReader): Promise<void>
  /** Last of all: the key, the keyrings' statements of their unwraps, the checkpoint. */
  publish(head: {
    readonly note: string
    readonly vkey: string
    readonly statements: readonly string[]
  }): void
  checkpoint(): string | null
}

export function openLogFiles(directory: string): LogFiles {
  const records = join(directory, 'records')
  mkdirSync(records, { recursive: true, mode: 0o700 })
  const fileOf = (index: number): string =>
    join(records, `${String(Math.floor(index / RECORDS_PER_FILE)).padStart(9, '0')}.ndjson`)

  function lastFile(): { name: string; number: number } | null {
    const name = readdirSync(records)
      .filter((entry) => /^\d{9}\.ndjson$/.test(entry))
      .sort()
      .at(-1)
    return name === undefined ? null : { name: join(records, name), number: Number(name.slice(0, 9)) }
  }

  function read(from: number, to: number): StoredEntry[] {
    const found: StoredEntry[] = []
    for (let index = from; index < to;) {
      const lines = readFileSync(fileOf(index), 'utf8').split('\n')
      const end = Math.min(to, (Math.floor(index / RECORDS_PER_FILE) + 1) * RECORDS_PER_FILE)
      for (; index < end; index++) found.push(parseLine(lines[index % RECORDS_PER_FILE] ?? '', index))
    }
    return found
  }

  return {
    size() {
      const last = lastFile()
      if (last === null) return 0
      const text = readFileSync(last.name)
      const end = text.lastIndexOf(10) + 1
      if (end < text.length) truncateSync(last.name, end)
      let lines = 0
      for (let at = text.indexOf(10); at !== -1; at = text.indexOf(10, at + 1)) lines += 1
      return last.number * RECORDS_PER_FILE + lines
    },
    append(entries) {
      for (const [file, group] of Map.groupBy(entries, (entry) => fileOf(entry.index))) {
        appendFileSync(file, `${group.map(lineOf).join('\n')}\n`, { mode: 0o600 })
        sync(file)
      }
    },
    erase(indexes) {
      let erased = 0
      for (const [file, group] of Map.groupBy(indexes, fileOf)) {
        if (!existsSync(file)) continue
        const lines = readFileSync(file, 'utf8').split('\n')
        for (const index of group) {
          const line = lines[index % RECORDS_PER_FILE]
          // The last of them is not a whole one where a crash has cut it off.
          if (line === undefined || line === '' || index % RECORDS_PER_FILE >= lines.length - 1) continue
          const { commitment, record } = parseLine(line, index)
          if (record === null) continue
          lines[index % RECORDS_PER_FILE] = lineOf({ index, commitment, record: null, salt: null })
          erased += 1
        }
        replace(file, lines.join('\n'), 0o600)
      }
      return erased
    },
    read,
    async writeTiles(before, size, hashes) {
      for (const tile of newTiles(before, size)) {
        const bytes = await hashes(tile.level, tile.index, tile.width)
        splitTile(bytes, tile.width)
        writeOnce(directory, tilePath(tile), bytes)
        if (tile.level > 0) continue
        const first = tile.index * TILE_WIDTH
        const bundle = read(first, first + tile.width).map((entry) => logEntry(entry.commitment))
        writeOnce(directory, tilePath({ ...tile, level: 'entries' }), encodeEntryBundle(bundle))
      }
    },
    publish(head) {
      replace(join(directory, 'vkey'), `${head.vkey}\n`)
      replace(join(records, 'statements.json'), `${JSON.stringify(head.statements)}\n`)
      replace(join(directory, 'checkpoint'), head.note)
    },
    checkpoint() {
      const file = join(directory, 'checkpoint')
      return existsSync(file) ? readFileSync(file, 'utf8') : null
    },
  }
}

function lineOf(entry: StoredEntry): string {
  return JSON.stringify({
    index: entry.index,
    commitment: entry.commitment.toString('base64'),
    salt: entry.salt?.toString('base64') ?? null,
    record: entry.record,
  })
}

function parseLine(line: string, index: number): StoredEntry {
  const parsed = Line.safeParse(parseJson(line))
  if (!parsed.success || parsed.data.index !== index)
    throw new Error(`The files of the audit log do not hold entry ${index} where it belongs`)
  const { commitment, salt, record } = parsed.data
  return {
    index,
    commitment: Buffer.from(commitment, 'base64'),
    salt: salt === null ? null : Buffer.from(salt, 'base64'),
    record,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Tiles do not change; once one is full its partial ones are not needed. */
function writeOnce(directory: string, path: string, bytes: Buffer): void {
  const file = join(directory, path)
  if (existsSync(file)) return
  mkdirSync(dirname(file), { recursive: true })
  replace(file, bytes)
  if (!path.includes('.p/')) rmSync(`${file}.p`, { recursive: true, force: true })
}

function replace(file: string, content: string | Buffer, mode?: number): void {
  const fresh = `${file}.${process.pid}.new`
  writeFileSync(fresh, content, mode === undefined ? {} : { mode })
  sync(fresh)
  renameSync(fresh, file)
}

function sync(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
