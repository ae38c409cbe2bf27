import type { Queryable } from '../../platform/postgres/index.ts'
import { createAccessStore } from './access-store.ts'
import type { Pepperer } from './credential-pepper.ts'

const BATCH = 200

/**
 * Peppers credentials that were made before there was a pepper; answers how many. What is stored of them is the digest that the
 * pepper takes, so that no secret is needed. Before this has run they do not log in. Throws where keyring or database are away.
 */
export async function pepperOldCredentials(deps: {
  readonly pool: Queryable
  readonly keyring: Pepperer
}): Promise<number> {
  const store = createAccessStore(deps.pool)
  let count = 0
  for (;;) {
    const rows = await store.unpeppered(BATCH)
    if (rows.length === 0) return count
    const peppered = await deps.keyring.pepper(
      'credential',
      rows.map((row) => row.digest),
    )
    await store.setPeppered(
      rows.map((row, n) => {
        const hash = peppered[n]
        if (hash === undefined) throw new Error('the keyring answered too few digests')
        return { ...row, peppered: hash }
      }),
    )
    count += rows.length
  }
}
