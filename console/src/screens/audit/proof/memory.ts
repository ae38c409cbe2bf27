import { fromBase64, type Bytes } from './bytes.ts'

/**
 * What this browser remembers of the log between visits: the key that it first saw and the newest head. A log that was rewritten in between does not
 * continue what is remembered. Kept in local storage; whoever controls the browser can forget it, nobody else.
 */
export interface Remembered {
  readonly vkey: string
  readonly size: number
  /** Base64. */
  readonly root: string
  readonly at: string
}

const NAME = 'bulkhead.audit'

export function recall(): Remembered | null {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(NAME) ?? 'null')
    if (typeof found !== 'object' || found === null) return null
    const members = new Map<string, unknown>(Object.entries(found))
    const [vkey, size, root, at] = ['vkey', 'size', 'root', 'at'].map((name) => members.get(name))
    if (
      typeof vkey !== 'string' ||
      typeof size !== 'number' ||
      typeof root !== 'string' ||
      typeof at !== 'string'
    )
      return null
    return { vkey, size, root, at }
  } catch {
    return null
  }
}

export function remember(head: Remembered): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(head))
  } catch {
    // Storage may be denied: nothing is remembered then, and the page says so by having nothing to compare.
  }
}

export function forget(): void {
  try {
    localStorage.removeItem(NAME)
  } catch {
    // Nothing was remembered either.
  }
}

export function rootOf(head: Remembered): Bytes {
  return fromBase64(head.root, 'What this browser remembers')
}
