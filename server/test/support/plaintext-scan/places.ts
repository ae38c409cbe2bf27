import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Client } from 'pg'
import type { Search } from './search.ts'

/** What was found, and in how much. */
export interface Cells {
  /** Class × place: the canaries found there, each with where and how it was seen first. */
  readonly found: ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, string>>>
  readonly bytesSearched: Readonly<Record<string, number>>
}

export interface Scan extends Cells {
  /** Searches bytes that are at hand. `where` is shown for the first sighting of each canary. */
  bytes(place: string, where: string, bytes: Buffer): void
  /** Searches a file, block by block. */
  file(place: string, path: string, where?: string): void
  /** Searches every file below a directory; `placeOf` answers null for what is left out by name. */
  directory(root: string, placeOf: (path: string) => string | null): void
  /** Searches every row of every table of every schema, as PostgreSQL writes them as text. */
  dump(place: string, url: string): Promise<void>
}

const BLOCK_BYTES = 8 * 1024 * 1024

/** Collects sightings, so that one search serves all places. */
export function createScan(search: Search): Scan {
  const found = new Map<string, Map<string, Map<string, string>>>()
  const bytesSearched: Record<string, number> = {}

  function bytes(place: string, where: string, block: Buffer): void {
    bytesSearched[place] = (bytesSearched[place] ?? 0) + block.length
    for (const { canary, encoding } of search.find(block)) {
      const places = getOrMake(found, canary.class, () => new Map<string, Map<string, string>>())
      const texts = getOrMake(places, place, () => new Map<string, string>())
      if (!texts.has(canary.text)) texts.set(canary.text, `${where} (${encoding})`)
    }
  }

  function file(place: string, path: string, where = path): void {
    const handle = openSync(path, 'r')
    try {
      const block = Buffer.allocUnsafe(BLOCK_BYTES)
      let kept = 0
      for (;;) {
        const read = readSync(handle, block, kept, BLOCK_BYTES - kept, null)
        if (read === 0) break
        bytes(place, where, block.subarray(0, kept + read))
        // A canary may lie across two blocks.
        const keep = Math.min(search.overlapBytes, kept + read)
        block.copyWithin(0, kept + read - keep, kept + read)
        kept = keep
      }
    } finally {
      closeSync(handle)
    }
  }

  return {
    found,
    bytesSearched,
    bytes,
    file,
    directory(root, placeOf) {
      for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
        const path = join(root, name)
        if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue
        const place = placeOf(relative(root, path))
        if (place !== null) file(place, path, relative(root, path))
      }
    },
    async dump(place, url) {
      const client = new Client({ connectionString: url })
      await client.connect()
      try {
        for (const table of await tablesOf(client)) {
          // Row by row as text: what pg_dump writes, whatever its version.
          const { rows } = await client.query<{ row: string | null }>(`select t::text as row from ${table} t`)
          bytes(place, table, Buffer.from(rows.map((item) => item.row).join('\n')))
        }
      } finally {
        await client.end()
      }
    },
  }
}

async function tablesOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1`,
  )
  return rows.map(({ name }) => name)
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
