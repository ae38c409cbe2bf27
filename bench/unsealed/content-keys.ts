import { createSecretKey } from 'node:crypto'

/** Stands in for the leases of content keys in the benchmark's "without" arm: nobody is asked and nothing is made. */
export function createContentKeys() {
  const key = createSecretKey(Buffer.alloc(32))
  const lease = {
    keyId: '00000000-0000-7000-8000-000000000000',
    key,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
  }
  return {
    contentKey: async () => lease,
    openContentKeys: async () => ({ get: () => key, stateOf: () => 'open' as const }),
    destroyContentKeys: async (_workspaceId: string, keyIds: readonly string[]) => keyIds.length,
    close(): void {},
  }
}
