import type { UpkeepOperation } from './access.ts'
import { readCount, readLine, readScope, readText, readUuid } from './arguments.ts'
import { MAX_CHECKPOINT_BYTES } from './audit-key.ts'
import type { AuditKey } from './audit-key.ts'
import type { LedgerStore } from './ledger-store.ts'
import type { Handler } from './operations.ts'
import { Refusal } from './refusal.ts'
import type { Rotation } from './rotation.ts'
import type { Shredding } from './shredding.ts'

const HASH_BYTES = 32
const MAX_PROOF_HASHES = 63
const MAX_ACTOR_BYTES = 200
const MAX_STATEMENTS = 1000
const MAX_SHREDS = 1000

/** Arguments are parsed here; the access matrix has let the request through. */
export function createUpkeepHandlers(deps: {
  auditKey: AuditKey
  ledger: LedgerStore
  rotation: Rotation
  shredding: Shredding
  health: () => Promise<Readonly<Record<string, unknown>>>
  status: () => Promise<Readonly<Record<string, unknown>>>
}): Readonly<Record<UpkeepOperation, Handler>> {
  const { auditKey, rotation, shredding } = deps
  return {
    health: async () => ({ result: await deps.health() }),
    status: async () => ({ result: await deps.status() }),

    auditKey: async () => {
      const { vkey, last } = await auditKey.describe()
      return {
        result: { vkey, lastSize: last?.size ?? null, lastRoot: last?.root.toString('base64') ?? null },
      }
    },

    signCheckpoint: async ({ body, attachments }) => {
      const hashes = attachments[0] ?? Buffer.alloc(0)
      if (
        attachments.length > 1 ||
        hashes.length % HASH_BYTES !== 0 ||
        hashes.length > MAX_PROOF_HASHES * HASH_BYTES
      )
        throw new Refusal('invalid', `A proof is one attachment of at most ${MAX_PROOF_HASHES} hashes`)
      const proof = Array.from({ length: hashes.length / HASH_BYTES }, (_, i) =>
        hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
      )
      const text = readText(body, 'checkpoint', MAX_CHECKPOINT_BYTES)
      return {
        result: { line: await auditKey.signCheckpoint({ text, oldSize: readCount(body, 'oldSize'), proof }) },
      }
    },

    attestUnwraps: async () => ({ result: { statements: await deps.ledger.statements(MAX_STATEMENTS) } }),

    rotate: async ({ body }) => {
      const scope = readScope(body)
      const workspaceId = scope === 'workspace' ? readUuid(body, 'workspaceId') : null
      return {
        result: { id: await rotation.request(scope, workspaceId, readLine(body, 'actor', MAX_ACTOR_BYTES)) },
      }
    },

    rotation: async () => ({ result: { rotation: (await rotation.state()) ?? null } }),

    requestShred: async ({ body }) => ({
      result: {
        shred: await shredding.request(
          readUuid(body, 'workspaceId'),
          readLine(body, 'actor', MAX_ACTOR_BYTES),
        ),
      },
    }),

    cancelShred: async ({ body }) => ({
      result: {
        shred: await shredding.cancel(
          readUuid(body, 'workspaceId'),
          readLine(body, 'actor', MAX_ACTOR_BYTES),
        ),
      },
    }),

    shreds: async () => ({ result: { shreds: await shredding.list(MAX_SHREDS) } }),
  }
}
