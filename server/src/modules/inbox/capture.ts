import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { seal } from '../../platform/sealing/index.ts'
import type { CapturedEnvelope } from './captured.ts'
import { insertCaptured, selectCaptureHome } from './inbox-store.ts'

interface CapturedMessage {
  readonly workspaceId: string
  readonly messageId: string | null
  /** Envelope sender. */
  readonly from: string
  /** Envelope recipients. */
  readonly to: readonly string[]
  readonly subject: string | null
  readonly headerFrom: string | null
  readonly raw: Buffer
}

export interface Capture {
  /** Puts a message into the inbox of its workspace; resolves after the commit. */
  store(message: CapturedMessage): Promise<void>
}

/** Writes captured mail, sealed; for the process that receives it. */
export function createCapture(deps: {
  readonly keyring: Pick<KeyringClient, 'contentKey'>
  readonly transactions: Pick<TenantTransactions, 'write'>
  readonly newId: () => string
  /** Development: the installation's own mail is shown in the oldest workspace, because nobody can look into its own. */
  readonly showSystemMail?: boolean
}): Capture {
  async function homeOf(
    message: CapturedMessage,
  ): Promise<Pick<CapturedMessage, 'workspaceId' | 'messageId'>> {
    if (deps.showSystemMail !== true || message.workspaceId !== INSTALLATION_WORKSPACE) return message
    const home = await deps.transactions.write(INSTALLATION_WORKSPACE, selectCaptureHome)
    // The message itself is not that workspace's.
    return home === null ? message : { workspaceId: home, messageId: null }
  }

  return {
    async store(message) {
      const { from, to, subject, headerFrom, raw } = message
      const { workspaceId, messageId } = await homeOf(message)
      const id = deps.newId()
      const key = await deps.keyring.contentKey(workspaceId)
      const place = (column: string) => ({ workspaceId, table: 'captured', column, rowId: id })
      const envelope: CapturedEnvelope = { from, to: [...to], subject, headerFrom }
      const row = {
        id,
        workspaceId,
        messageId,
        sizeBytes: raw.length,
        envelope: seal(key, place('envelope'), Buffer.from(JSON.stringify(envelope))),
        sealed: seal(key, place('sealed'), raw),
      }
      await deps.transactions.write(workspaceId, (db) => insertCaptured(db, row))
    },
  }
}
