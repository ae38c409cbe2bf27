import { createHmac } from 'node:crypto'
import type { ProcessKind } from './access.ts'
import type { KeyHierarchy } from './hierarchy.ts'
import { Refusal } from './refusal.ts'

export const REFERENCE_PURPOSES = ['return-path', 'links'] as const
export type ReferencePurpose = (typeof REFERENCE_PURPOSES)[number]

/** Who writes or reads references of a purpose. Whoever holds the key can do both, so nobody else gets it. */
const PURPOSES_OF: Readonly<Record<ProcessKind, readonly ReferencePurpose[]>> = {
  api: ['links'],
  smtp: ['return-path', 'links'],
  sender: ['return-path'],
  worker: ['links'],
  staff: [],
  audit: [],
}

/**
 * Keys under which other processes authenticate what they write into mail and read back from strangers: return paths and links. They are
 * computed from a stored secret that stays here. They open nothing and concern no workspace, so they are neither recorded nor counted
 * as unwraps; one that leaks lets its holder forge bounces or links, and nothing else.
 */
export function createReferenceKeys(deps: { hierarchy: KeyHierarchy }) {
  return {
    /** 32 bytes, the same for as long as the installation lives. Throws `refused` where the process may not use the purpose. */
    async of(process: ProcessKind, purpose: ReferencePurpose): Promise<Buffer> {
      if (!PURPOSES_OF[process].includes(purpose))
        throw new Refusal('refused', `A process of kind ${process} has no use for references of ${purpose}`)
      const { key } = await deps.hierarchy.installationKey('references')
      return createHmac('sha256', key).update(`bulkhead reference key 1: ${purpose}`).digest()
    },
  }
}
