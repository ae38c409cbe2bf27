import type { Store, UnwrapRecord } from './store.ts'

const MAX_BATCH = 1000

/**
 * Records unwraps. The promise settles once the record is committed, so awaiting it before answering makes "which plaintext did
 * this process see" a query. Records that come while an insert is under way share the next one: one commit serves many.
 */
export function createUnwrapLog(deps: { store: Store }): { record(entry: UnwrapRecord): Promise<void> } {
  interface Waiting {
    readonly entry: UnwrapRecord
    readonly done: () => void
    readonly failed: (error: unknown) => void
  }
  let waiting: Waiting[] = []
  let writing = false

  async function write(): Promise<void> {
    writing = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH)
      waiting = waiting.slice(MAX_BATCH)
      try {
        await deps.store.recordUnwraps(batch.map((item) => item.entry))
        for (const item of batch) item.done()
      } catch (error) {
        for (const item of batch) item.failed(error)
      }
    }
    writing = false
  }

  return {
    record: (entry) =>
      new Promise((done, failed) => {
        waiting.push({ entry, done, failed })
        if (!writing) void write()
      }),
  }
}
