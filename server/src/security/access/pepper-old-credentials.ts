import { containmentDetail, type Queryable } from '../../platform/postgres/index.ts'
import { createAccessStore } from './access-store.ts'
import type { UnpepperedRow } from './access-store.ts'
import { bindingDigest } from './credential-binding.ts'
import type { Pepperer } from './credential-pepper.ts'

/** Each takes two places of a request to the keyring. */
const BATCH = 100

/**
 * Peppers credentials, and binds them to their rows, that were made before there was a pepper; answers how many, and how many wait because `credential` is contained
 * for their workspace. What is stored of them is the digest that the pepper takes, so that no secret is needed. Before this has run
 * they do not log in. Throws where keyring or database are away.
 */
export async function pepperOldCredentials(deps: {
  readonly pool: Queryable
  readonly keyring: Pepperer
}): Promise<{ readonly peppered: number; readonly contained: number }> {
  const store = createAccessStore(deps.pool)
  const closed = new Set<string>()
  let [peppered, contained] = [0, 0]
  for (let after: string | null = null; ;) {
    const rows = await store.unpeppered(after, BATCH)
    const last = rows.at(-1)
    if (last === undefined) return { peppered, contained }
    after = last.id
    for (const [workspaceId, group] of Map.groupBy(rows, (row) => row.workspaceId)) {
      if (!closed.has(workspaceId) && (await pepperGroup(group))) peppered += group.length
      else {
        closed.add(workspaceId)
        contained += group.length
      }
    }
  }

  /** False where the workspace is contained. */
  async function pepperGroup(rows: readonly UnpepperedRow[]): Promise<boolean> {
    const hashes = await deps.keyring.pepper(
      'credential',
      rows.flatMap((row) => [row.digest, bindingDigest(row, row.digest)]),
    )
    try {
      await store.setPeppered(
        rows.map((row, n) => {
          const [hash, binding] = hashes.slice(2 * n, 2 * n + 2)
          if (hash === undefined || binding === undefined)
            throw new Error('the keyring answered too few digests')
          return { ...row, hash, binding }
        }),
      )
      return true
    } catch (error) {
      if (containmentDetail(error) === null) throw error
      return false
    }
  }
}

/** Whether there is any that was made before the pepper, or entered as if it had been. */
export async function hasUnpepperedCredentials(pool: Queryable): Promise<boolean> {
  return (await createAccessStore(pool).unpeppered(null, 1)).length > 0
}
