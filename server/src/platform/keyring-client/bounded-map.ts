interface Entry<V> {
  readonly value: V
  readonly expiresAtMs: number
}

/** A map that forgets what is older than its expiry, and what was used longest ago when it is full. */
export class BoundedMap<V> {
  readonly #limit: number
  readonly #now: () => number
  readonly #entries = new Map<string, Entry<V>>()

  constructor(limit: number, now: () => number) {
    this.#limit = limit
    this.#now = now
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.expiresAtMs <= this.#now()) return undefined
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: V, expiresAtMs: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, expiresAtMs })
    if (this.#entries.size <= this.#limit) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }

  deleteWhere(matches: (key: string) => boolean): void {
    for (const key of this.#entries.keys()) if (matches(key)) this.#entries.delete(key)
  }

  /** Drops what has expired, so that a key does not stay in memory because nobody asks for it. */
  sweep(): void {
    const now = this.#now()
    for (const [key, entry] of this.#entries) if (entry.expiresAtMs <= now) this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
