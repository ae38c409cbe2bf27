import type { Content } from './template-content.ts'

const KEPT_MS = 5 * 60_000
const ENTRIES_MAX = 500
const CHARS_MAX = 16 * 1024 * 1024

/** What published versions say, for as long as keys to them may stay in memory, the last used ones. */
export function createContentCache(nowMs: () => number) {
  const kept = new Map<
    string,
    { readonly content: Content; readonly chars: number; readonly until: number }
  >()
  let chars = 0

  function drop(id: string): void {
    chars -= kept.get(id)?.chars ?? 0
    kept.delete(id)
  }

  return {
    get(id: string): Content | undefined {
      const entry = kept.get(id)
      if (entry === undefined) return undefined
      drop(id)
      if (entry.until <= nowMs()) return undefined
      kept.set(id, entry)
      chars += entry.chars
      return entry.content
    },
    set(id: string, content: Content): void {
      drop(id)
      const size = content.subject.length + (content.html?.length ?? 0) + (content.text?.length ?? 0)
      kept.set(id, { content, chars: size, until: nowMs() + KEPT_MS })
      chars += size
      for (const oldest of kept.keys()) {
        if (kept.size <= ENTRIES_MAX && chars <= CHARS_MAX) break
        drop(oldest)
      }
    },
  }
}
