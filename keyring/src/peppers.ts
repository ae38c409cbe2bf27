import { createHmac } from 'node:crypto'
import type { ProcessKind } from './access.ts'
import type { KeyHierarchy } from './hierarchy.ts'
import { Refusal } from './refusal.ts'

export const DIGEST_BYTES = 32

export const PEPPERS = ['credential', 'staff', 'password'] as const
export type PepperName = (typeof PEPPERS)[number]

/** Whose digests a process may pepper: it can compare only what it has to check itself. */
const PEPPERS_OF: Readonly<Record<ProcessKind, readonly PepperName[]>> = {
  api: ['credential', 'password'],
  smtp: ['credential'],
  sender: [],
  worker: [],
  staff: ['staff'],
  audit: [],
}

/** HMAC-SHA256 of digests under a key that is not in the database: a stolen dump is then nothing to guess passwords against. */
export function createPeppers(deps: { hierarchy: KeyHierarchy }) {
  return {
    /** One digest of 32 bytes for each of `digests`, one after the other. Throws `refused` where the process may not use the name. */
    async apply(process: ProcessKind, name: PepperName, digests: Buffer): Promise<Buffer> {
      if (!PEPPERS_OF[process].includes(name))
        throw new Refusal('refused', `A process of kind ${process} has no use for the pepper ${name}`)
      if (digests.length === 0 || digests.length % DIGEST_BYTES !== 0)
        throw new Refusal('invalid', `Digests have ${DIGEST_BYTES} bytes each`)
      const { key } = await deps.hierarchy.installationKey(`pepper-${name}`)
      const out = Buffer.alloc(digests.length)
      for (let at = 0; at < digests.length; at += DIGEST_BYTES) {
        createHmac('sha256', key)
          .update(digests.subarray(at, at + DIGEST_BYTES))
          .digest()
          .copy(out, at)
      }
      return out
    },
  }
}
