import { createHash } from 'node:crypto'
import { decodeBase64, decodeDecimal, decodeHash } from './encoding.ts'
import { TlogFault } from './fault.ts'
import { parseNote, verifyNote } from './note.ts'
import type { VerifierKey } from './note-keys.ts'
import type { AuditRecord } from './record.ts'
import type { Findings } from './verdict.ts'

/** The action of a record that an unwrap left. */
export const UNWRAP_ACTION = 'keyring.unwrapped'

/** How many unwraps a keyring process says it recorded, signed by the key of the log. */
export interface UnwrapStatement {
  readonly instance: string
  readonly count: number
  readonly chain: Buffer
}

/** Reads a statement and checks its signature. @throws TlogFault where it is none. */
export function openUnwrapStatement(text: string, key: VerifierKey): UnwrapStatement {
  const note = parseNote(text)
  if (verifyNote(note, [key]).length === 0)
    throw new TlogFault('the statement of unwraps is not signed by the log')
  const lines = note.text.split('\n')
  const value = (at: number, name: string): string => {
    const line = lines[at] ?? ''
    if (!line.startsWith(`${name} `)) throw new TlogFault(`the statement of unwraps has no ${name}`)
    return line.slice(name.length + 1)
  }
  if (lines[0] !== 'bulkhead-unwraps/v1') throw new TlogFault('this is not a statement of unwraps')
  return {
    instance: value(1, 'instance'),
    count: decodeDecimal(value(2, 'count'), 'the count of unwraps'),
    chain: decodeHash(value(3, 'chain'), 'the chain of unwraps'),
  }
}

interface Head {
  number: number
  chain: Buffer
  /** Of the unwrap up to which a statement counts. */
  signed: Buffer | null
}

/**
 * Follows the keyrings' records of what they opened: numbers without gaps, chained by hashes. With all records of the log it shows
 * that "unwraps = recorded reads"; with those of one workspace only that none was altered.
 */
export class UnwrapTrail {
  readonly #heads = new Map<string, Head>()
  readonly #problems: string[] = []
  readonly #counts: ReadonlyMap<string, number>
  readonly #statements: readonly UnwrapStatement[]
  #records = 0
  /** Numbers that no record has. Without erased records each is one too many. */
  #missing = 0
  readonly #gaps: string[] = []

  constructor(statements: readonly UnwrapStatement[]) {
    this.#statements = statements
    this.#counts = new Map(statements.map((statement) => [statement.instance, statement.count]))
  }

  get isEmpty(): boolean {
    return this.#records === 0
  }

  /** Takes the next record of the log; others than unwraps are passed over. */
  add(record: AuditRecord): void {
    if (record.action !== UNWRAP_ACTION) return
    this.#records += 1
    const unwrap = unwrapOf(record)
    const head = this.#heads.get(unwrap.instance) ?? { number: 0, chain: Buffer.alloc(32), signed: null }
    const follows = unwrap.number === head.number + 1
    if (unwrap.number <= head.number)
      this.#problem(`keyring ${unwrap.instance}: unwrap ${unwrap.number} after ${head.number}`)
    else if (!follows) this.#gap(unwrap.instance, head.number, unwrap.number)
    else if (!chainOf(head.chain, unwrap).equals(unwrap.chain))
      this.#problem(`keyring ${unwrap.instance}: the chain breaks at unwrap ${unwrap.number}`)
    head.number = unwrap.number
    head.chain = unwrap.chain
    if (this.#counts.get(unwrap.instance) === unwrap.number) head.signed = unwrap.chain
    this.#heads.set(unwrap.instance, head)
  }

  #gap(instance: string, from: number, to: number): void {
    this.#missing += to - from - 1
    if (this.#gaps.length < 10) this.#gaps.push(`keyring ${instance}: unwrap ${to} after ${from}`)
  }

  /** Compares with the signed statements and says what holds. As many unwraps as there are erased records may be among these. */
  conclude(isWholeLog: boolean, findings: Findings, erased = 0): void {
    const statements = this.#statements
    const what = 'unwraps'
    if (isWholeLog)
      for (const statement of statements) {
        const head = this.#heads.get(statement.instance)
        const last = head?.number ?? 0
        if (last < statement.count) {
          this.#missing += statement.count - last
          this.#gaps.push(
            `keyring ${statement.instance} signed ${statement.count} unwraps, the log has ${last}`,
          )
        } else if (head?.signed?.equals(statement.chain) === false)
          this.#problem(`keyring ${statement.instance}: the log does not hold the unwraps that it signed`)
      }
    if (isWholeLog && this.#missing > erased) this.#problems.push(...this.#gaps)
    if (this.#problems.length > 0) return findings.add('failed', what, this.#problems.join('; '))
    if (!isWholeLog)
      return findings.add(
        'open',
        what,
        this.#records === 0
          ? "it has no records of opened data; that none was left out shows only in the whole log (its operator's directory)"
          : `${this.#records} records of opened data are genuine; that no other was left out shows only in the whole log (its operator's directory)`,
      )
    if (this.#missing > 0)
      return findings.add(
        'open',
        what,
        `${this.#records} records of opened data are genuine; ${this.#missing} more are among the ${erased} records that were erased with their workspaces`,
      )
    const unsigned = [...this.#heads].filter(
      ([instance, head]) => (this.#counts.get(instance) ?? 0) < head.number,
    )
    findings.add(
      'proved',
      what,
      `${this.#records} unwraps of ${this.#heads.size} keyring processes are recorded, numbered without gaps and chained`,
    )
    if (statements.length > 0)
      findings.add(
        'proved',
        what,
        `${statements.length} keyring processes signed how many there were, and all of them are here`,
      )
    if (unsigned.length > 0)
      findings.add(
        'open',
        what,
        `the newest unwraps of ${unsigned.length} keyring processes are not yet under a statement`,
      )
  }

  #problem(text: string): void {
    if (this.#problems.length < 10) this.#problems.push(text)
  }
}

interface Unwrap {
  readonly instance: string
  readonly number: number
  readonly chain: Buffer
  readonly fields: readonly (string | number | null)[]
}

function unwrapOf(record: AuditRecord): Unwrap {
  const { detail } = record
  const { instance, number, chain, process, keyCount, reason } = detail
  if (
    typeof instance !== 'string' ||
    typeof number !== 'number' ||
    typeof chain !== 'string' ||
    typeof process !== 'string' ||
    typeof keyCount !== 'number' ||
    typeof reason !== 'string'
  )
    throw new TlogFault(`record ${record.number} does not say what was unwrapped`)
  return {
    instance,
    number,
    chain: decodeBase64(chain, 'the chain of an unwrap'),
    fields: [instance, number, record.at, process, record.workspace, record.target, keyCount, reason],
  }
}

/** As the keyring chains: SHA-256(chain before ‖ the row as a JSON list). */
function chainOf(before: Buffer, unwrap: Unwrap): Buffer {
  return createHash('sha256').update(before).update(JSON.stringify(unwrap.fields)).digest()
}
