import { decrypt, encrypt } from './aead.ts'
import type { ProcessKind } from './access.ts'
import type { KeyHierarchy, Purpose } from './hierarchy.ts'
import { Refusal } from './refusal.ts'
import type { createUnwrapLog } from './unwrap-log.ts'

const VERSION_BYTES = 4

/** Small secrets (webhook secrets, connectors' passwords, TOTP seeds) that are sealed and opened in the keyring itself. */
export function createSecrets(deps: {
  hierarchy: KeyHierarchy
  unwrapLog: ReturnType<typeof createUnwrapLog>
}) {
  const { hierarchy, unwrapLog } = deps
  return {
    /** Returns key version (u32) | sealed value; `context` says where it is stored and must be given again to open it. */
    async seal(workspaceId: string, purpose: Purpose, context: string, plaintext: Buffer): Promise<Buffer> {
      const { version, key } = await hierarchy.currentKey(workspaceId, purpose)
      const head = Buffer.alloc(VERSION_BYTES)
      head.writeUInt32BE(version)
      return Buffer.concat([
        head,
        encrypt(key, ['secret', workspaceId, purpose, context, version], plaintext),
      ])
    },

    /** Opens what `seal` made, and records the unwrap before it returns. */
    async open(request: {
      process: ProcessKind
      workspaceId: string
      purpose: Purpose
      context: string
      sealed: Buffer
      reason: string
    }): Promise<Buffer> {
      const { workspaceId, purpose, context, sealed } = request
      if (sealed.length < VERSION_BYTES)
        throw new Refusal('refused', 'The sealed value is not in a known format')
      const version = sealed.readUInt32BE(0)
      if (version > 0x7fffffff) throw new Refusal('refused', 'The sealed value is not in a known format')
      const { key } = await hierarchy.keyOfVersion(workspaceId, purpose, version)
      const place = ['secret', workspaceId, purpose, context, version]
      const plaintext = decrypt(key, place, sealed.subarray(VERSION_BYTES))
      await unwrapLog.record({
        process: request.process,
        workspaceId,
        purpose,
        keyCount: 1,
        reason: request.reason,
      })
      return plaintext
    },
  }
}
