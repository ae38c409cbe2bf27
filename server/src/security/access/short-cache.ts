/**
 * Answers of an asynchronous look-up, believed for a short time. Concurrent askers share one look-up; a failed one is forgotten.
 * Bounded: when it is full, the oldest entries go.
 */
export function createShortCache<T>(options: {
  readonly clock: () => number
  readonly ttlMs: number
  readonly entriesMax: number
}) {
  const entries = new Map<string, { readonly value: Promise<T>; readonly until: number }>()
  return {
    clear: () => entries.clear(),

    get(key: string, load: () => Promise<T>): Promise<T> {
      const now = options.clock()
      const known = entries.get(key)
      if (known !== undefined && known.until > now) return known.value
      entries.delete(key)
      const value = load()
      const entry = { value, until: now + options.ttlMs }
      entries.set(key, entry)
      if (entries.size > options.entriesMax) {
        const [oldest] = entries.keys()
        if (oldest !== undefined) entries.delete(oldest)
      }
      value.catch(() => {
        if (entries.get(key) === entry) entries.delete(key)
      })
      return value
    },
  }
}
