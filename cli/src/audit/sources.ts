import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseTilePath, TlogFault } from '@bulkhead/tlog'
import type { LogSource, PrivateHalf } from '@bulkhead/tlog'

/** Beyond every tile (8,192 bytes) and every bundle of our entries. */
const TILE_BYTES_MAX = 256 * 66_000
const TEXT_BYTES_MAX = 1_000_000
const RECORD_FILE_BYTES_MAX = 1_000_000_000
const RECORDS_PER_FILE = 4_096
const TIMEOUT_MS = 20_000

/** A log as the audit process keeps it on its host, or a copy of that directory. */
export function directorySource(directory: string): LogSource {
  let open: { readonly file: string; readonly lines: readonly string[] } | null = null

  function linesOf(index: number): readonly string[] {
    const number = String(Math.floor(index / RECORDS_PER_FILE)).padStart(9, '0')
    const file = join(directory, 'records', `${number}.ndjson`)
    if (open?.file !== file)
      open = { file, lines: read(file, RECORD_FILE_BYTES_MAX).toString('utf8').split('\n') }
    return open.lines
  }

  return {
    checkpoint: () => Promise.resolve(read(join(directory, 'checkpoint'), TEXT_BYTES_MAX).toString('utf8')),
    vkey: () => Promise.resolve(read(join(directory, 'vkey'), TEXT_BYTES_MAX).toString('utf8')),
    tile(path) {
      parseTilePath(path)
      const whole = join(directory, path.replace(/\.p\/\d+$/, ''))
      const file = join(directory, path)
      if (existsSync(file)) return Promise.resolve(read(file, TILE_BYTES_MAX))
      // Partial tiles go once the full one is there; it begins with what they held.
      return Promise.resolve(existsSync(whole) ? prefixOf(path, read(whole, TILE_BYTES_MAX)) : null)
    },
    records(from, to) {
      if (!existsSync(join(directory, 'records'))) return Promise.resolve(null)
      const halves: PrivateHalf[] = []
      for (let index = from; index < to; index++)
        halves.push(halfOf(linesOf(index)[index % RECORDS_PER_FILE] ?? '', index))
      return Promise.resolve(halves)
    },
    statements() {
      const file = join(directory, 'records', 'statements.json')
      return Promise.resolve(existsSync(file) ? listOfTexts(read(file, TEXT_BYTES_MAX).toString('utf8')) : [])
    },
  }
}

/** The public half of a log over HTTP: `https://mail.example.com/audit`. */
export function urlSource(prefix: string, signal: AbortSignal): LogSource {
  const base = prefix.replace(/\/+$/, '')
  const get = async (path: string, limit: number): Promise<Buffer | null> => {
    const response = await fetch(`${base}/${path}`, {
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    if (response.status === 404) return null
    if (!response.ok) throw new TlogFault(`${base}/${path} answered ${response.status}`)
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > limit) throw new TlogFault(`${base}/${path} answered more than ${limit} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }
  const text = async (path: string): Promise<string> => {
    const bytes = await get(path, TEXT_BYTES_MAX)
    if (bytes === null) throw new TlogFault(`${base}/${path} is not there: is this the address of a log?`)
    return bytes.toString('utf8')
  }
  return {
    checkpoint: () => text('checkpoint'),
    vkey: () => text('vkey'),
    tile: (path) => get(path, TILE_BYTES_MAX),
    records: () => Promise.resolve(null),
    statements: () => Promise.resolve([]),
  }
}

function read(file: string, limit: number): Buffer {
  if (!existsSync(file)) throw new TlogFault(`${file} is missing`)
  if (statSync(file).size > limit) throw new TlogFault(`${file} is larger than ${limit} bytes`)
  return readFileSync(file)
}

function prefixOf(path: string, whole: Buffer): Buffer {
  const { level, width } = parseTilePath(path)
  if (level !== 'entries') return whole.subarray(0, width * 32)
  let at = 0
  for (let entry = 0; entry < width && at + 2 <= whole.length; entry++) at += 2 + whole.readUInt16BE(at)
  return whole.subarray(0, at)
}

function halfOf(line: string, index: number): PrivateHalf {
  const value = parse(line)
  const fault = new TlogFault(`the record of entry ${index} is missing`)
  if (typeof value !== 'object' || value === null || !('index' in value) || value.index !== index) throw fault
  const record = 'record' in value && typeof value.record === 'string' ? value.record : null
  const salt = 'salt' in value && typeof value.salt === 'string' ? Buffer.from(value.salt, 'base64') : null
  return { index, record, salt }
}

function listOfTexts(text: string): string[] {
  const value = parse(text)
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
