import { createHash } from 'node:crypto'
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
import type { KeyHierarchy } from './hierarchy.ts'
import type { LedgerStore } from './ledger-store.ts'
import { Refusal } from './refusal.ts'

const ED25519_PUBLIC = 32
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
  let signer: NoteSigner | undefined
  /** Also where somebody turns the database back: what this process signed it remembers. */
  let signed: { size: number; root: Buffer } | undefined

  async function open(): Promise<NoteSigner> {
    if (signer !== undefined) return signer
    const { key } = await deps.hierarchy.installationKey('audit')
    const seed = key.export()
    // The log is named after its key, so that no setting can give two logs one name.
    const unnamed = noteSigner('bulkhead', SIGNATURE_TYPES.note, seed)
    const publicKey = unnamed.key.publicKey.subarray(0, ED25519_PUBLIC)
    const name = `bulkhead/log/${createHash('sha256').update(publicKey).digest('hex').slice(0, 16)}`
    signer = noteSigner(name, SIGNATURE_TYPES.note, seed)
    seed.fill(0)
    return signer
  }

  return {
    /** The verifier key (C2SP signed-note) whose name is the log's origin, and the last checkpoint that was signed. */
    async describe(): Promise<{ vkey: string; last: { size: number; root: Buffer } | null }> {
      const { key } = await open()
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
      const key = await open()
      const { origin, size, root } = readCheckpoint(request.text)
      if (origin !== key.key.name) throw new Refusal('refused', `The origin of this log is ${key.key.name}`)
      const { line } = await deps.ledger.advanceCheckpoint(origin, (stored) => {
        if (signed !== undefined && (stored === null || stored.size < signed.size)) {
          throw new Refusal('refused', 'The last signed checkpoint was turned back in the database')
        }
        const last = stored ?? { size: 0, root: EMPTY_ROOT }
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
        return { size, root, line: signNoteText(request.text, key) }
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
      const key = await open()
      const text = `bulkhead-unwraps/v1\ninstance ${statement.instance}\ncount ${statement.count}\nchain ${statement.chain.toString('base64')}\nat ${statement.at.toISOString()}\n`
      return joinNote(text, [signNoteText(text, key)])
    },
  }
}

function readCheckpoint(text: string): { origin: string; size: number; root: Buffer } {
  try {
    const { origin, size, root } = parseCheckpointText(text)
    return { origin, size, root: Buffer.from(root) }
  } catch (error) {
    if (error instanceof TlogFault) throw new Refusal('invalid', error.message, error)
    throw error
  }
}
