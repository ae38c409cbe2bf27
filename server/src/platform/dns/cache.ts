/** A bounded cache with a time to live per entry. The oldest entry goes first; an entry's age never grows by being read. */
export interface TtlCache<V> {
  get(key: string): V | undefined
  set(key: string, value: V, ttlMs: number): void
  readonly size: number
}

/** `nowMs` is any clock that does not run backwards. */
export function createTtlCache<V>(deps: { maxEntries: number; nowMs: () => number }): TtlCache<V> {
  const entries = new Map<string, { value: V; until: number }>()
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      if (entry.until > deps.nowMs()) return entry.value
      entries.delete(key)
      return undefined
    },
    set(key, value, ttlMs) {
      if (ttlMs <= 0) return
      entries.delete(key)
      if (entries.size >= deps.maxEntries) {
        const oldest = entries.keys().next()
        if (!oldest.done) entries.delete(oldest.value)
      }
      entries.set(key, { value, until: deps.nowMs() + ttlMs })
    },
    get size() {
      return entries.size
    },
  }
}
