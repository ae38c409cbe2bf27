import { decrypt, encrypt } from './aead.ts'
import type { ProcessKind } from './access.ts'
import type { Budgets } from './budgets.ts'
import type { KeyHierarchy, Purpose } from './hierarchy.ts'
import { Refusal } from './refusal.ts'
import type { UnwrapLog } from './unwrap-log.ts'

const VERSION_BYTES = 4

interface OpenRequest {
  readonly process: ProcessKind
  readonly workspaceId: string
  readonly purpose: Purpose
  readonly context: string
  readonly sealed: Buffer
  readonly reason: string
}

/** Small secrets (webhook secrets, connectors' passwords, TOTP seeds) that are sealed and opened in the keyring itself. */
export function createSecrets(deps: { hierarchy: KeyHierarchy; budgets: Budgets; unwrapLog: UnwrapLog }) {
  const { hierarchy, unwrapLog } = deps

  async function seal(
    workspaceId: string,
    purpose: Purpose,
    context: string,
    plaintext: Buffer,
  ): Promise<Buffer> {
    const { version, key } = await hierarchy.currentKey(workspaceId, purpose)
    const head = Buffer.alloc(VERSION_BYTES)
    head.writeUInt32BE(version)
    return Buffer.concat([head, encrypt(key, ['secret', workspaceId, purpose, context, version], plaintext)])
  }

  async function open(request: OpenRequest): Promise<Buffer> {
    const { process, workspaceId, purpose, context, sealed, reason } = request
    const version = sealed.length < VERSION_BYTES ? 0 : sealed.readUInt32BE(0)
    if (version < 1 || version > 0x7fffffff)
      throw new Refusal('refused', 'The sealed value is not in a known format')
    const { key } = await hierarchy.keyOfVersion(workspaceId, purpose, version)
    deps.budgets.spend(process, workspaceId, 1)
    const place = ['secret', workspaceId, purpose, context, version]
    const plaintext = decrypt(key, place, sealed.subarray(VERSION_BYTES))
    try {
      await unwrapLog.record({ process, workspaceId, purpose, keyCount: 1, reason })
    } catch (error) {
      plaintext.fill(0)
      throw error
    }
    return plaintext
  }

  return {
    /** Returns key version (u32) | sealed value; `context` says where it is stored and must be given again to open it. */
    seal,

    /** Opens what `seal` made, and records the unwrap before it returns. */
    open,

    /**
     * Moves a value to another place, or from an old key version to the newest, without showing it to the asker. It counts and is
     * recorded as an unwrap: whoever may choose the new place may have it opened there.
     */
    async reseal(request: OpenRequest & { readonly toContext: string }): Promise<Buffer> {
      const plaintext = await open(request)
      try {
        return await seal(request.workspaceId, request.purpose, request.toContext, plaintext)
      } finally {
        plaintext.fill(0)
      }
    },
  }
}
