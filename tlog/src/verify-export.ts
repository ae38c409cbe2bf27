import { canonicalJson, commitmentOf, logEntry } from './audit-entry.ts'
import type { Json } from './audit-entry.ts'
import { parseCheckpointText } from './checkpoint.ts'
import type { Checkpoint, SignedCheckpoint } from './checkpoint.ts'
import { decodeBase64, decodeHash } from './encoding.ts'
import { TlogFault } from './fault.ts'
import { leafHash, PROOF_HASHES_MAX, verifyConsistency, verifyInclusion } from './merkle.ts'
import { parseNote } from './note.ts'
import { parseVerifierKey } from './note-keys.ts'
import { isObject, NumberTrail, parseJson, parseRecord } from './record.ts'
import type { AuditRecord } from './record.ts'
import { openUnwrapStatement, UnwrapTrail } from './unwraps.ts'
import { Findings, judgeCheckpoint, reason } from './verdict.ts'
import type { Trust, Verdict } from './verdict.ts'

const LINE_CHARS_MAX = 1_000_000

type Line = { readonly [key: string]: Json }

/**
 * Verifies an export (NDJSON, native or in the fields of the Elastic Common Schema) with nothing but itself and what the verifier
 * brings. An export may have several parts, each with its own checkpoint.
 */
export async function verifyExport(
  lines: Iterable<string> | AsyncIterable<string>,
  trust: Trust,
): Promise<Verdict> {
  const reading = new ExportReading(trust)
  let number = 0
  try {
    for await (const text of lines) {
      number += 1
      if (text === '') continue
      if (text.length > LINE_CHARS_MAX) throw new TlogFault('the line is too long')
      const line = parseJson(text)
      if (!isObject(line)) throw new TlogFault('a line of an export is an object')
      reading.take(line)
    }
  } catch (error) {
    reading.findings.add('failed', 'export', `line ${number}: ${reason(error)}`)
  }
  return reading.conclude()
}

class ExportReading {
  readonly findings = new Findings()
  readonly #trust: Trust
  readonly #numbers = new NumberTrail()
  #unwraps = new UnwrapTrail([])
  #checkpoint: SignedCheckpoint | null = null
  #previous: Checkpoint | null
  #isOpen = false
  #isFiltered = false
  #isPart = false
  #inPart = 0
  #entries = 0
  #lastIndex = -1

  constructor(trust: Trust) {
    this.#trust = trust
    this.#previous = trust.since === null ? null : parseCheckpointText(parseNote(trust.since).text)
  }

  take(line: Line): void {
    const wrapped = isObject(line['bulkhead']) ? line['bulkhead'] : null
    const inner = wrapped !== null && isObject(wrapped['export']) ? wrapped['export'] : (wrapped ?? line)
    const type = inner['type']
    if (type === 'export') return this.#begin(inner)
    if (type === 'entry') {
      if (wrapped === null) return this.#entry(inner, canonicalJson(inner['record'] ?? null))
      return this.#entry(inner, originalOf(line), line)
    }
    if (type === 'end') return this.#end(inner)
    throw new TlogFault('this is not a line of an export of the audit log')
  }

  #begin(header: Line): void {
    if (this.#isOpen) throw new TlogFault('a part begins before the one before has ended')
    const key = this.#trust.key ?? parseVerifierKey(textOf(header, 'vkey'))
    const checkpoint = judgeCheckpoint(textOf(header, 'checkpoint'), key, this.#trust, this.findings)
    if (checkpoint === null) throw new TlogFault('the checkpoint of the export proves nothing')
    this.#continues(checkpoint, header['consistency'] ?? null)
    const statements = listOf(header['statements']).map((text) =>
      openUnwrapStatement(typeof text === 'string' ? text : '', key),
    )
    if (this.#entries === 0) this.#unwraps = new UnwrapTrail(statements)
    this.#checkpoint = checkpoint
    this.#previous = checkpoint
    this.#isFiltered ||= header['filtered'] === true
    this.#isOpen = true
    this.#inPart = 0
  }

  #continues(checkpoint: Checkpoint, proof: Json): void {
    const previous = this.#previous
    if (previous === null) return
    const given = isObject(proof) ? proof : {}
    const hashes = proofOf(given['proof'])
    const holds =
      previous.origin === checkpoint.origin &&
      verifyConsistency({
        oldSize: previous.size,
        oldRoot: previous.root,
        newSize: checkpoint.size,
        newRoot: checkpoint.root,
        proof: given['oldSize'] === previous.size ? hashes : [],
      })
    this.findings.check(
      holds,
      'consistency',
      `the ${checkpoint.size} entries begin with the ${previous.size} of the checkpoint before`,
      `it is not shown that the ${checkpoint.size} entries begin with the ${previous.size} of the checkpoint before: export with since=${previous.size}`,
    )
  }

  /** `shown`: the fields of the Elastic Common Schema around it, which are read in the place of the record. */
  #entry(line: Line, text: string, shown?: Line): void {
    const checkpoint = this.#checkpoint
    if (checkpoint === null || !this.#isOpen) throw new TlogFault('an entry stands before the header')
    const { index } = line
    if (typeof index !== 'number' || index <= this.#lastIndex)
      throw new TlogFault(`after entry ${this.#lastIndex} stands one that does not follow it`)
    const record = parseRecord(text)
    const salt = decodeBase64(textOf(line, 'salt'), 'the salt')
    const holds = verifyInclusion({
      index,
      size: checkpoint.size,
      root: checkpoint.root,
      leafHash: leafHash(logEntry(commitmentOf(salt, text))),
      proof: proofOf(line['proof']),
    })
    if (!holds) throw new TlogFault(`entry ${index} is not what the log committed to at that place`)
    const altered = shown === undefined ? [] : alteredFields(shown, record, index)
    if (altered.length > 0)
      throw new TlogFault(`entry ${index} shows another ${altered.join(', ')} than its record has`)
    this.#lastIndex = index
    this.#entries += 1
    this.#inPart += 1
    this.#numbers.add(record)
    this.#unwraps.add(record)
  }

  #end(line: Line): void {
    if (!this.#isOpen || line['entries'] !== this.#inPart)
      throw new TlogFault(`a part ends after ${this.#inPart} entries, which is not the number it names`)
    this.#isOpen = false
    this.#isPart = line['more'] === true
  }

  conclude(): Verdict {
    const { findings } = this
    // A line that failed ended the reading: what would have come after it is not missing.
    if (!findings.hasFailed && (this.#isOpen || this.#checkpoint === null))
      findings.add('failed', 'export', 'the export is cut off: its last line is missing')
    if (findings.hasFailed) return findings.verdict()
    findings.add('proved', 'inclusion', `${this.#entries} records are in the log at their places, unaltered`)
    const { problems, first, last } = this.#numbers
    if (this.#isFiltered) {
      findings.add('open', 'completeness', 'the export was filtered: records may be left out')
    } else if (problems.length > 0) {
      findings.add('failed', 'completeness', `records are missing: ${problems.join('; ')}`)
    } else if (this.#entries > 0) {
      findings.add(
        'proved',
        'completeness',
        `the records ${first} to ${last} of the workspace are here, none left out`,
      )
    }
    if (this.#isPart) findings.add('open', 'completeness', 'there are more records after this export')
    else if (!this.#isFiltered)
      findings.add('open', 'completeness', 'that no newer record was held back shows in the next export')
    this.#unwraps.conclude(false, findings)
    return findings.verdict()
  }
}

function originalOf(line: Line): string {
  const { event } = line
  const original = isObject(event) ? event['original'] : undefined
  if (typeof original !== 'string') throw new TlogFault('an entry lacks event.original')
  return original
}

/** The record is proved, and what is read is beside it: whoever altered that alone would have gone unseen. A field that is left out shows nothing. */
function alteredFields(line: Line, record: AuditRecord, index: number): string[] {
  const within = (name: string): Line => {
    const value = line[name]
    return isObject(value) ? value : {}
  }
  const fields: readonly (readonly [string, Json | undefined, Json])[] = [
    ['@timestamp', line['@timestamp'], record.at],
    ['event.action', within('event')['action'], record.action],
    ['event.sequence', within('event')['sequence'], index],
    ['user.id', within('user')['id'], record.actor],
    ['organization.id', within('organization')['id'], record.workspace],
    ['bulkhead.number', within('bulkhead')['number'], record.number],
    ['bulkhead.target', within('bulkhead')['target'], record.target],
  ]
  return fields.flatMap(([name, shown, own]) => (shown === undefined || shown === own ? [] : [name]))
}

function textOf(line: Line, name: string): string {
  const value = line[name]
  if (typeof value !== 'string') throw new TlogFault(`a line lacks ${name}`)
  return value
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value.slice(0, 10_000) : []
}

function proofOf(value: Json | undefined): Buffer[] {
  const list = listOf(value)
  if (list.length > PROOF_HASHES_MAX) throw new TlogFault(`a proof has at most ${PROOF_HASHES_MAX} hashes`)
  return list.map((hash) => decodeHash(typeof hash === 'string' ? hash : '', 'a hash of the proof'))
}
