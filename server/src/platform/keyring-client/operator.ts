import { z } from 'zod'
import { KeyringUnavailable } from './errors.ts'
import type { Frame } from './frames.ts'

const KeyringRotation = z.object({
  id: z.string(),
  scope: z.enum(['root', 'workspace', 'all']),
  workspaceId: z.string().nullable(),
  state: z.enum(['running', 'done', 'failed']),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  /** Keys to make or wrap anew; null until they are counted. */
  total: z.number().nullable(),
  done: z.number(),
  /** Keys a second. */
  rate: z.number().nullable(),
  error: z.string().nullable(),
})
export type KeyringRotation = z.output<typeof KeyringRotation>

const KeyringShred = z.object({
  workspaceId: z.string(),
  state: z.enum(['pending', 'cancelled', 'shredding', 'shredded']),
  requestedBy: z.string(),
  requestedAt: z.string(),
  executeAt: z.string(),
  decidedBy: z.string().nullable(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
})
export type KeyringShred = z.output<typeof KeyringShred>

const KeyringStatus = z.object({
  database: z.enum(['up', 'down']),
  root: z.string(),
  previousRoots: z.array(z.string()),
  /** How many keys each root wraps, also one that is not configured here. */
  roots: z.array(z.object({ rootId: z.string(), installationKeys: z.number(), workspaceKeys: z.number() })),
  instance: z.string(),
  /** Unwraps that this keyring process has recorded. */
  unwraps: z.number(),
  containmentsAgeMs: z.number().nullable(),
  budgets: z.record(
    z.string(),
    z.object({
      workspacesPerHour: z.number(),
      keysPerMinute: z.number(),
      workspacesInHour: z.number(),
      keysInMinute: z.number(),
    }),
  ),
  rotation: KeyringRotation.nullable(),
})
export type KeyringStatus = z.output<typeof KeyringStatus>

const AuditKeyInfo = z.object({
  vkey: z.string(),
  lastSize: z.number().nullable(),
  lastRoot: z.string().nullable(),
})
/** The verifier key (C2SP signed-note), whose name is the log's origin, and the last checkpoint it signed (root in base64). */
export type AuditKeyInfo = z.output<typeof AuditKeyInfo>

const UnwrapStatement = z.object({ instance: z.string(), statement: z.string() })
/** What one keyring process says of its record of unwraps, as a signed note. */
export type UnwrapStatement = z.output<typeof UnwrapStatement>

/** What concerns the keyring itself: for the operator (through the api) and for the audit process. */
export interface KeyringOperator {
  status(): Promise<KeyringStatus>
  /** Begins a rotation and returns its id. `actor` goes to its record. Throws `KeyringRefused` where one is running. */
  rotate(request: {
    readonly scope: 'root' | 'workspace' | 'all'
    readonly workspaceId?: string
    readonly actor: string
  }): Promise<string>
  /** The rotation that runs, or else the last one. */
  rotation(): Promise<KeyringRotation | null>
  requestShred(workspaceId: string, actor: string): Promise<KeyringShred>
  /** Throws `KeyringRefused` where nothing is pending. */
  cancelShred(workspaceId: string, actor: string): Promise<KeyringShred>
  /** The latest requests first, at most 1,000. */
  shreds(): Promise<KeyringShred[]>
  auditKey(): Promise<AuditKeyInfo>
  /**
   * Signs the text of a checkpoint (C2SP tlog-checkpoint, without signatures) and returns the signature line. `oldSize` is that of the
   * last one signed; throws `KeyringRefused` where the proof (RFC 9162 §2.1.4) does not show that the log only grew since.
   */
  signCheckpoint(request: {
    readonly checkpoint: string
    readonly oldSize: number
    readonly consistencyProof: readonly Buffer[]
  }): Promise<string>
  /** The last statement of each keyring process. */
  attestUnwraps(): Promise<UnwrapStatement[]>
}

type Ask = (
  op: string,
  body: Readonly<Record<string, unknown>>,
  attachments?: readonly Buffer[],
) => Promise<Frame>

export function createOperator(deps: { ask: Ask }): KeyringOperator {
  const { ask } = deps
  return {
    async status() {
      return parse(KeyringStatus, (await ask('status', {})).body)
    },
    async rotate(request) {
      return parse(z.string(), (await ask('rotate', request)).body['id'])
    },
    async rotation() {
      return parse(KeyringRotation.nullable(), (await ask('rotation', {})).body['rotation'])
    },
    async requestShred(workspaceId, actor) {
      return parse(KeyringShred, (await ask('requestShred', { workspaceId, actor })).body['shred'])
    },
    async cancelShred(workspaceId, actor) {
      return parse(KeyringShred, (await ask('cancelShred', { workspaceId, actor })).body['shred'])
    },
    async shreds() {
      return parse(z.array(KeyringShred), (await ask('shreds', {})).body['shreds'])
    },
    async auditKey() {
      return parse(AuditKeyInfo, (await ask('auditKey', {})).body)
    },
    async signCheckpoint({ checkpoint, oldSize, consistencyProof }) {
      const frame = await ask('signCheckpoint', { checkpoint, oldSize }, [Buffer.concat(consistencyProof)])
      return parse(z.string(), frame.body['line'])
    },
    async attestUnwraps() {
      return parse(z.array(UnwrapStatement), (await ask('attestUnwraps', {})).body['statements'])
    },
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new KeyringUnavailable(
    `the keyring's answer cannot be read; do the versions fit? ${z.prettifyError(parsed.error)}`,
  )
}
