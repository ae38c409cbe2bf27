import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import {
  joinNote,
  noteSigner,
  parseCheckpointText,
  SIGNATURE_TYPES,
  signNoteText,
  TlogFault,
  verifyConsistency,
} from '@bulkhead/tlog'
import type { NoteSigner } from '@bulkhead/tlog'
import { intoKey } from './hierarchy.ts'
import type { KeyHierarchy } from './hierarchy.ts'
import type { LedgerStore, StoredCheckpoint } from './ledger-store.ts'
import { Refusal } from './refusal.ts'

const ED25519_PUBLIC = 32
const SEAL_BYTES = 32
const EMPTY_ROOT = createHash('sha256').digest()
/** A checkpoint has an origin, a size, a root and perhaps extension lines. */
export const MAX_CHECKPOINT_BYTES = 4096

export type AuditKey = ReturnType<typeof createAuditKey>

/**
 * The key that signs the audit log. It signs two things and nothing else: a checkpoint that extends the last one it signed (C2SP
 * tlog-checkpoint), and the keyring's own statements of how many unwraps it recorded. Whoever holds the audit process can therefore
 * neither fork nor roll back the log.
 */
export function createAuditKey(deps: { hierarchy: KeyHierarchy; ledger: LedgerStore }) {
  let opened: { readonly signer: NoteSigner; readonly sealKey: KeyObject } | undefined
  /** Also where somebody turns the database back: what this process signed it remembers. */
  let signed: { size: number; root: Buffer } | undefined

  async function open(): Promise<{ readonly signer: NoteSigner; readonly sealKey: KeyObject }> {
    if (opened !== undefined) return opened
    const { key } = await deps.hierarchy.installationKey('audit')
    const seed = key.export()
    // The log is named after its key, so that no setting can give two logs one name.
    const unnamed = noteSigner('bulkhead', SIGNATURE_TYPES.note, seed)
    const publicKey = unnamed.key.publicKey.subarray(0, ED25519_PUBLIC)
    const name = `bulkhead/log/${createHash('sha256').update(publicKey).digest('hex').slice(0, 16)}`
    const signer = noteSigner(name, SIGNATURE_TYPES.note, seed)
    const sealKey = intoKey(Buffer.from(hkdfSync('sha256', seed, '', 'bulkhead checkpoint seal', 32)))
    seed.fill(0)
    opened = { signer, sealKey }
    return opened
  }

  /** What was stored, where the keyring itself stored it. Throws `refused` where somebody else wrote it, or an older one came back. */
  function believe(
    origin: string,
    stored: StoredCheckpoint | null,
    sealKey: KeyObject,
  ): StoredCheckpoint | null {
    if (stored !== null && !timingSafeEqual(sealOf(sealKey, origin, stored), padded(stored.seal)))
      throw new Refusal('refused', 'The last signed checkpoint was not written by the keyring')
    if (signed === undefined) return stored
    const isEarlier = stored === null || stored.size < signed.size
    if (isEarlier || (stored.size === signed.size && !stored.root.equals(signed.root)))
      throw new Refusal('refused', 'The last signed checkpoint was turned back in the database')
    return stored
  }

  return {
    /** The verifier key (C2SP signed-note) whose name is the log's origin, and the last checkpoint that was signed. */
    async describe(): Promise<{ vkey: string; last: { size: number; root: Buffer } | null }> {
      const { key } = (await open()).signer
      return { vkey: key.text, last: await deps.ledger.lastCheckpoint(key.name) }
    },

    /**
     * The signature line for a checkpoint. Throws `refused` where it is not the next one of this log: another origin, smaller, of the
     * same size with another root, or without a proof that it holds all that was signed before.
     */
    async signCheckpoint(request: {
      text: string
      oldSize: number
      proof: readonly Buffer[]
    }): Promise<string> {
      const { signer: key, sealKey } = await open()
      const { origin, size, root } = readCheckpoint(request.text)
      if (origin !== key.key.name) throw new Refusal('refused', `The origin of this log is ${key.key.name}`)
      const { line } = await deps.ledger.advanceCheckpoint(origin, (stored) => {
        const last = believe(origin, stored, sealKey) ?? { size: 0, root: EMPTY_ROOT }
        if (request.oldSize !== last.size) {
          throw new Refusal(
            'refused',
            `The last signed checkpoint has size ${last.size}: prove consistency with it`,
          )
        }
        const claim = {
          oldSize: last.size,
          oldRoot: last.root,
          newSize: size,
          newRoot: root,
          proof: request.proof,
        }
        if (!verifyConsistency(claim)) {
          throw new Refusal(
            'refused',
            `The proof does not show that the log only grew since size ${last.size}`,
          )
        }
        return {
          size,
          root,
          seal: sealOf(sealKey, origin, { size, root }),
          line: signNoteText(request.text, key),
        }
      })
      if (signed === undefined || size >= signed.size) signed = { size, root }
      return line
    },

    /** A statement about the record of unwraps as a signed note; its first line keeps it from being read as a checkpoint. */
    async signStatement(statement: {
      instance: string
      count: number
      chain: Buffer
      at: Date
    }): Promise<string> {
      const { signer: key } = await open()
      const text = `bulkhead-unwraps/v1\ninstance ${statement.instance}\ncount ${statement.count}\nchain ${statement.chain.toString('base64')}\nat ${statement.at.toISOString()}\n`
      return joinNote(text, [signNoteText(text, key)])
    },
  }
}

/** Shows that the keyring stored the row: whoever writes to the database has not the key. */
function sealOf(key: KeyObject, origin: string, at: { size: number; root: Buffer }): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([origin, at.size, at.root.toString('base64')]))
    .digest()
}

function padded(seal: Buffer): Buffer {
  return seal.length === SEAL_BYTES ? seal : Buffer.alloc(SEAL_BYTES)
}

function readCheckpoint(text: string): { origin: string; size: number; root: Buffer } {
  try {
    const { origin, size, root, extensions } = parseCheckpointText(text)
    // Whatever else stood there would be signed too, and two checkpoints of one tree could differ.
    if (extensions.length > 0)
      throw new Refusal('invalid', 'A checkpoint of this log has three lines: origin, size, root')
    return { origin, size, root: Buffer.from(root) }
  } catch (error) {
    if (error instanceof TlogFault) throw new Refusal('invalid', error.message, error)
    throw error
  }
}
