import { createHmac } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { KeyHierarchy } from './hierarchy.ts'

const INDEX_BYTES = 32
const DESTINATION_BYTES = 8
// 256 indexes take about 1 ms; then other requests get their turn.
const TURN = 256

/** Keyed indexes: equal values of one workspace give equal indexes, and without the key nothing can be guessed from them. */
export function createBlindIndex(deps: { hierarchy: KeyHierarchy }) {
  return {
    /** 32 bytes per value, one after the other. The same person in two workspaces has unrelated indexes. */
    async values(workspaceId: string, values: readonly string[]): Promise<Buffer> {
      const { key } = await deps.hierarchy.currentKey(workspaceId, 'blind')
      const out = Buffer.alloc(values.length * INDEX_BYTES)
      for (const [i, value] of values.entries()) {
        createHmac('sha256', key)
          .update(value)
          .digest()
          .copy(out, i * INDEX_BYTES)
        if (i % TURN === TURN - 1) await nextTurn()
      }
      return out
    },

    /**
     * Per address its index (32 bytes, the same as `values` gives) and its destination (8 bytes): a keyed hash of the domain
     * that is the same in all workspaces, because shaping counts per destination.
     */
    async addresses(workspaceId: string, addresses: readonly string[]): Promise<Buffer> {
      const [blind, destination] = await Promise.all([
        deps.hierarchy.currentKey(workspaceId, 'blind'),
        deps.hierarchy.installationKey('destination'),
      ])
      const out = Buffer.alloc(addresses.length * (INDEX_BYTES + DESTINATION_BYTES))
      let at = 0
      for (const [i, address] of addresses.entries()) {
        createHmac('sha256', blind.key).update(address).digest().copy(out, at)
        const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
        const hashed = createHmac('sha256', destination.key).update(domain).digest()
        hashed.copy(out, at + INDEX_BYTES, 0, DESTINATION_BYTES)
        at += INDEX_BYTES + DESTINATION_BYTES
        if (i % TURN === TURN - 1) await nextTurn()
      }
      return out
    },
  }
}
