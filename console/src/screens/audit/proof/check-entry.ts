import type { AuditGetOutput } from '@bulkhead/sdk'
import { isSameJson } from '../../../same-json.ts'
import { fromBase64, sha256, toBase64, utf8, type Bytes } from './bytes.ts'
import { openCheckpoint, type LogKey, type OpenedCheckpoint } from './checkpoint.ts'
import { isIncluded, leafHash } from './merkle.ts'

/** One step of a check, as a person reads it. */
export interface Step {
  readonly claim: string
  /** What was computed, so that others can compare. */
  readonly evidence: string
  readonly isProved: boolean
}

export interface EntryVerdict {
  readonly steps: readonly Step[]
  readonly checkpoint: OpenedCheckpoint | null
}

/**
 * Checks an entry in this browser, with nothing of the server's but what it answered: that the record is what is shown, that the log commits to it,
 * that it stands at its place in the tree, and that the key of the log signed that tree. Throws an Error in words where there is nothing to check.
 */
export async function checkEntry(entry: AuditGetOutput, key: LogKey): Promise<EntryVerdict> {
  if (entry.record === null || entry.salt === null)
    throw new Error('The record is erased; its commitment stays in the tree and nobody can read it any more.')
  if (entry.proof === null)
    throw new Error('The entry is not under a checkpoint yet. That takes a second; try again.')
  const steps: Step[] = []
  const isSame = saysTheSame(entry.record, entry)
  steps.push({
    claim: 'The record says what is shown above',
    evidence: entry.record,
    isProved: isSame,
  })
  const commitment = await sha256(fromBase64(entry.salt, 'The salt'), utf8(entry.record))
  const leaf = await leafHash(utf8(`bulkhead-audit/v1\n${toBase64(commitment)}\n`))
  steps.push({
    claim: 'Its commitment, SHA-256 of salt and record, makes the leaf',
    evidence: `commitment ${toBase64(commitment)}\nleaf ${toBase64(leaf)}`,
    isProved: true,
  })
  const proof = parseProof(entry.proof)
  let checkpoint: OpenedCheckpoint
  try {
    checkpoint = await openCheckpoint(proof.checkpoint, key)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    steps.push({ claim: 'The checkpoint is signed by the key of the log', evidence: why, isProved: false })
    return { steps, checkpoint: null }
  }
  steps.push({
    claim: 'The checkpoint is signed by the key of the log',
    evidence: `${checkpoint.origin}, ${checkpoint.size} entries, root ${toBase64(checkpoint.root)}, key ${key.id}`,
    isProved: true,
  })
  const included =
    proof.index === entry.index &&
    (await isIncluded({ ...checkpoint, index: entry.index, leaf, proof: proof.hashes }))
  steps.push({
    claim: `The leaf stands at place ${entry.index} of the tree that was signed`,
    evidence: proof.hashes.map(toBase64).join('\n') || 'The tree has one leaf.',
    isProved: included,
  })
  return { steps, checkpoint }
}

/** An inclusion proof with its checkpoint (C2SP tlog-proof). */
function parseProof(text: string): {
  readonly index: number
  readonly hashes: readonly Bytes[]
  readonly checkpoint: string
} {
  const split = text.indexOf('\n\n')
  const [first, ...lines] = text.slice(0, Math.max(0, split)).split('\n')
  if (first !== 'c2sp.org/tlog-proof@v1') throw new Error('The proof is not a C2SP tlog-proof.')
  const body = lines.filter((line) => !line.startsWith('extra '))
  const index = /^index (\d{1,16})$/.exec(body[0] ?? '')?.[1]
  if (index === undefined) throw new Error('The proof names no place.')
  return {
    index: Number(index),
    hashes: body.slice(1).map((line) => fromBase64(line, 'A hash of the proof')),
    checkpoint: text.slice(split + 2),
  }
}

/** The record is what counts; all that the page shows beside it must be the same. */
function saysTheSame(record: string, entry: AuditGetOutput): boolean {
  const parsed: unknown = JSON.parse(record)
  if (typeof parsed !== 'object' || parsed === null) return false
  const members = new Map<string, unknown>(Object.entries(parsed))
  return (
    members.get('action') === entry.action &&
    members.get('actor') === entry.actor &&
    (members.get('target') ?? null) === entry.target &&
    (members.get('process') ?? null) === entry.process &&
    members.get('number') === entry.number &&
    Date.parse(String(members.get('at'))) === Date.parse(entry.at) &&
    isSameJson(members.get('detail'), entry.detail)
  )
}
