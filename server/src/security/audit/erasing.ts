import type { LogFiles } from '../../platform/audit-files/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { eraseShredded, readErased } from './log-store.ts'

const BATCH = 1_000

/**
 * Takes the private half of a shredded workspace's records out of the log: first from the database, then from the files. The
 * commitments stay, and with them every proof.
 */
export function createErasing(deps: { readonly pool: Queryable; readonly files: Pick<LogFiles, 'erase'> }) {
  return {
    /** What the database has erased and a crash has left on file. @returns how many records. */
    async catchUp(): Promise<number> {
      let count = 0
      for (let after = -1; ;) {
        const erased = await readErased(deps.pool, after, BATCH)
        const last = erased.at(-1)
        if (last === undefined) return count
        count += deps.files.erase(erased)
        after = last
      }
    },

    /** @returns how many records were erased in the database now. */
    async round(): Promise<number> {
      const erased = await eraseShredded(deps.pool, BATCH)
      deps.files.erase(erased)
      return erased.length
    },
  }
}
