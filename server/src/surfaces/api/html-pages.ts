import { randomBytes } from 'node:crypto'

export const PAGE_LIFE_MS = 60_000

interface Limits {
  /** Pages of one owner; a new one pushes the oldest out. */
  readonly ofOneMax: number
  readonly pagesMax: number
  readonly charsOfOneMax: number
  readonly charsMax: number
}

const LIMITS: Limits = {
  ofOneMax: 12,
  pagesMax: 400,
  charsOfOneMax: 8 * 1024 * 1024,
  charsMax: 64 * 1024 * 1024,
}

/** HTML that was handed in to be looked at: held in memory for a minute under a name that nobody guesses. */
export interface HtmlPages {
  /** The owner's oldest pages make room; null where others hold all that there is. */
  keep(owner: string, html: string): { readonly name: string; readonly expiresAt: Date } | null
  /** Null for a page that is gone or never was. */
  find(name: string): string | null
}

interface HeldPage {
  readonly owner: string
  readonly html: string
  readonly expiresMs: number
}

export function createHtmlPages(deps: { readonly now: () => number; readonly limits?: Limits }): HtmlPages {
  const limits = deps.limits ?? LIMITS
  // In the order in which they came: the first is the oldest.
  const pages = new Map<string, HeldPage>()
  let chars = 0

  function drop(name: string): void {
    chars -= pages.get(name)?.html.length ?? 0
    pages.delete(name)
  }

  function makeRoom(owner: string, length: number): boolean {
    const nowMs = deps.now()
    for (const [name, page] of pages) if (page.expiresMs <= nowMs) drop(name)
    const own = [...pages].filter(([, page]) => page.owner === owner)
    let ownChars = own.reduce((sum, [, page]) => sum + page.html.length, 0)
    let left = own.length
    for (const [name, page] of own) {
      if (left < limits.ofOneMax && ownChars + length <= limits.charsOfOneMax) break
      drop(name)
      left -= 1
      ownChars -= page.html.length
    }
    return pages.size < limits.pagesMax && chars + length <= limits.charsMax
  }

  return {
    keep(owner, html) {
      if (!makeRoom(owner, html.length)) return null
      const name = randomBytes(32).toString('base64url')
      const expiresMs = deps.now() + PAGE_LIFE_MS
      pages.set(name, { owner, html, expiresMs })
      chars += html.length
      return { name, expiresAt: new Date(expiresMs) }
    },
    find(name) {
      const page = pages.get(name)
      return page === undefined || page.expiresMs <= deps.now() ? null : page.html
    },
  }
}
