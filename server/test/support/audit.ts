import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  EMPTY_ROOT,
  noteSigner,
  parseCheckpointText,
  SIGNATURE_TYPES,
  signNoteText,
  verifyConsistency,
} from '@bulkhead/tlog'
import { createIdGenerator } from '../../src/kernel/ids.ts'
import { openLogFiles } from '../../src/platform/audit-files/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createWitnessClient } from '../../src/platform/witness-client/index.ts'
import { createAuditLog } from '../../src/security/audit/index.ts'
import type { AuditSigner, Witness } from '../../src/security/audit/index.ts'
import type { TestDatabase } from './database.ts'
import { until } from '../constellation/installation.ts'

/** Signs as the keyring does, with a key of the test: nothing without a proof from what it signed last. */
export function testSigner(
  seed = Buffer.alloc(32, 7),
  start: { readonly size: number; readonly root: Buffer } = { size: 0, root: EMPTY_ROOT },
): AuditSigner {
  const signer = noteSigner('bulkhead/log/test', SIGNATURE_TYPES.note, seed)
  let last = { size: start.size, root: start.root }
  return {
    auditKey: () => Promise.resolve({ vkey: signer.key.text, lastSize: last.size }),
    async signCheckpoint({ checkpoint, oldSize, consistencyProof: proof }) {
      const { size, root } = parseCheckpointText(checkpoint)
      const claim = { oldSize, oldRoot: last.root, newSize: size, newRoot: root, proof }
      if (oldSize !== last.size || !verifyConsistency(claim))
        throw new Error('refused: not the next checkpoint')
      last = { size, root }
      return Promise.resolve(signNoteText(checkpoint, signer))
    },
  }
}

export interface RunningAudit extends AsyncDisposable {
  readonly directory: string
  vkey(): Promise<string>
  /** Waits until every waiting act is in the log and under a published checkpoint; answers its size. */
  settle(): Promise<number>
  /** Waits until it leads, or throws what keeps it from leading. */
  ready(): Promise<void>
  /** What it logged at level error. */
  problems(): readonly string[]
  /** Ends it; the files stay until it is disposed of. */
  stop(): Promise<void>
}

/** The real sequencer on the database of a test, in this process: `await using audit = startAudit(api.database)`. */
export function startAudit(
  database: TestDatabase,
  options: {
    readonly directory?: string
    /** The keyring of an API fixture, `api.keyring('audit')`; by default a key of the test. */
    readonly signer?: AuditSigner
    readonly witnesses?: readonly Witness[]
  } = {},
): RunningAudit {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'bulkhead-audit-'))
  const signer = options.signer ?? testSigner()
  const end = new AbortController()
  const problems: string[] = []
  const log = createLogger({ name: 'test audit', level: 'error' })
  log.error = (detail: unknown, text?: string): void => {
    const cause = typeof detail === 'object' && detail !== null && 'err' in detail ? detail.err : detail
    problems.push(`${text ?? ''} ${cause instanceof Error ? cause.message : JSON.stringify(cause)}`)
  }
  let isReady = false
  const pool = database.pool('bulkhead_audit')
  const work = createAuditLog({
    pool,
    log,
    signal: end.signal,
    signer,
    newId: createIdGenerator(),
    openFiles: () => openLogFiles(directory),
    witnesses: options.witnesses ?? [],
    witnessClient: createWitnessClient({ timeoutMs: 1_000 }),
    onReady: (state) => {
      isReady = state === 'sequencing'
    },
  }).run()
  const stop = async (): Promise<void> => {
    end.abort()
    await work
  }
  return {
    directory,
    vkey: async () => (await signer.auditKey()).vkey,
    problems: () => problems,
    async ready() {
      await until('the audit log is led', 10_000, () => isReady || problems.length > 0, 20)
      if (!isReady) throw new Error(problems[0])
    },
    async settle() {
      let size = -1
      await until(
        'the audit log is settled',
        15_000,
        async () => {
          const { rows } = await database
            .pool('superuser')
            .query<{ size: number; open: boolean }>(
              `select size, checkpoint_size < size or exists (select 1 from audit_outbox) as open from audit_state`,
            )
          size = rows[0]?.size ?? -1
          return rows[0]?.open === false
        },
        50,
        () => problems.join('\n'),
      )
      return size
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true })
    },
  }
}
