import type { Api } from '../../../api/client.ts'
import { fromBase64, toBase64 } from './bytes.ts'
import { openCheckpoint, parseLogKey } from './checkpoint.ts'
import { isContinued } from './merkle.ts'
import { recall, remember, rootOf, type Remembered } from './memory.ts'

export type Growth =
  /** Nothing was remembered before: this visit is the first. */
  | { readonly kind: 'first'; readonly now: Remembered }
  | { readonly kind: 'continued'; readonly before: Remembered; readonly now: Remembered }
  /** The log is not the one that this browser saw: the worst that can be found here. */
  | { readonly kind: 'broken'; readonly before: Remembered; readonly why: string }

/**
 * Compares the log with what this browser remembers: the same key, and a tree that begins with the old one (consistency proof of the export's header,
 * checked here). Remembers the new head where all is well. Throws what the API throws, or an Error in words.
 */
export async function checkGrowth(api: Api, nowMs: number): Promise<Growth> {
  const before = recall()
  const { checkpointSize } = await api.audit.state()
  if (before !== null && checkpointSize < before.size)
    return {
      kind: 'broken',
      before,
      why: `The log has ${checkpointSize} entries; this browser saw ${before.size}.`,
    }
  const header = await exportHeader(api, before?.size)
  if (before !== null && before.vkey !== header.vkey)
    return {
      kind: 'broken',
      before,
      why: 'The log signs with another key than the one that this browser remembers.',
    }
  const checkpoint = await openCheckpoint(header.checkpoint, await parseLogKey(header.vkey))
  const now = {
    vkey: header.vkey,
    size: checkpoint.size,
    root: toBase64(checkpoint.root),
    at: new Date(nowMs).toISOString(),
  }
  if (before === null) {
    remember(now)
    return { kind: 'first', now }
  }
  const continued = await isContinued({
    oldSize: before.size,
    oldRoot: rootOf(before),
    newSize: checkpoint.size,
    newRoot: checkpoint.root,
    proof: header.proof,
  })
  if (!continued)
    return {
      kind: 'broken',
      before,
      why: `The first ${before.size} entries are not those that this browser saw.`,
    }
  remember(now)
  return { kind: 'continued', before, now }
}

async function exportHeader(api: Api, since: number | undefined) {
  const bytes = await api.audit.export({ limit: 1, ...(since === undefined ? {} : { since }) })
  const [first = ''] = new TextDecoder().decode(bytes).split('\n')
  const header: unknown = JSON.parse(first)
  if (typeof header !== 'object' || header === null) throw new Error('The export has no header.')
  const members = new Map<string, unknown>(Object.entries(header))
  const vkey = members.get('vkey')
  const checkpoint = members.get('checkpoint')
  const consistency = members.get('consistency')
  if (typeof vkey !== 'string' || typeof checkpoint !== 'string')
    throw new Error('The header of the export lacks its checkpoint.')
  const proof: unknown =
    typeof consistency === 'object' && consistency !== null && 'proof' in consistency ? consistency.proof : []
  if (!Array.isArray(proof) || !proof.every((hash) => typeof hash === 'string'))
    throw new Error('The header of the export has no readable proof.')
  return { vkey, checkpoint, proof: proof.map((hash) => fromBase64(hash, 'A hash of the proof')) }
}
