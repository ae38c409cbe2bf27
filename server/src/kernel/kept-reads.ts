import { createSharedReads } from './shared-reads.ts'

export interface KeptReads<T> {
  /** What was read in the last `keptMs`, or what `read` answers now; those who ask for the same at the same time share it. Failures are not kept. */
  of(key: string, read: () => Promise<T>): Promise<T>
  forget(key: string): void
}

/** Answers that may be old by `keptMs`. Beyond `keptMax` of them all are forgotten. */
export function createKeptReads<T>(deps: {
  readonly keptMs: number
  readonly keptMax: number
  readonly nowMs: () => number
}): KeptReads<T> {
  const kept = new Map<string, { readonly value: T; readonly untilMs: number }>()
  const share = createSharedReads<T>()
  return {
    async of(key, read) {
      const known = kept.get(key)
      if (known !== undefined && known.untilMs > deps.nowMs()) return known.value
      return share(key, async () => {
        const value = await read()
        if (kept.size >= deps.keptMax) kept.clear()
        kept.set(key, { value, untilMs: deps.nowMs() + deps.keptMs })
        return value
      })
    },
    forget: (key) => {
      kept.delete(key)
    },
  }
}
