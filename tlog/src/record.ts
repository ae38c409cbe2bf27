import { canonicalJson } from './audit-entry.ts'
import type { Json } from './audit-entry.ts'
import { TlogFault } from './fault.ts'

/** A record of the audit log, read from its canonical JSON. */
export interface AuditRecord {
  /** Counts the records of its workspace from 1 without gaps. */
  readonly number: number
  readonly at: string
  /** UUID; null for the installation. */
  readonly workspace: string | null
  readonly actor: string
  readonly action: string
  readonly target: string | null
  readonly detail: { readonly [key: string]: Json }
}

/** Reads a record. @throws TlogFault where it is none, or not in its one spelling. */
export function parseRecord(text: string): AuditRecord {
  const value = parseJson(text)
  if (canonicalJson(value) !== text) throw new TlogFault('the record is not canonical JSON')
  if (!isObject(value)) throw new TlogFault('the record is not an object')
  const { number, at, workspace = null, actor, action, target = null, detail } = value
  if (
    typeof number !== 'number' ||
    typeof at !== 'string' ||
    typeof actor !== 'string' ||
    typeof action !== 'string' ||
    !(workspace === null || typeof workspace === 'string') ||
    !(target === null || typeof target === 'string') ||
    !isObject(detail)
  )
    throw new TlogFault('the record lacks what every record has')
  return { number, at, workspace, actor, action, target, detail }
}

/** JSON of any kind. @throws TlogFault where it is none. */
export function parseJson(text: string): Json {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse answers nothing else
    return JSON.parse(text) as Json
  } catch {
    throw new TlogFault('this is not JSON')
  }
}

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Watches that the records of each workspace are numbered without gaps. */
export class NumberTrail {
  readonly #last = new Map<string, number>()
  readonly #problems: string[] = []
  #first: number | null = null

  add(record: AuditRecord): void {
    const stream = record.workspace ?? 'installation'
    const last = this.#last.get(stream)
    this.#first ??= record.number
    if (last !== undefined && record.number !== last + 1 && this.#problems.length < 10)
      this.#problems.push(`${stream}: record ${record.number} follows ${last}`)
    this.#last.set(stream, record.number)
  }

  get problems(): readonly string[] {
    return this.#problems
  }

  /** The number of the first record. */
  get first(): number | null {
    return this.#first
  }

  /** The number of the last record of any workspace. */
  get last(): number {
    return Math.max(0, ...this.#last.values())
  }
}
