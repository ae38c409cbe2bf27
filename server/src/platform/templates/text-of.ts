import { Drop } from 'liquidjs'

/** Text that is HTML already: what it holds was escaped when it was made. */
export class Markup extends Drop {
  readonly text: string

  constructor(text: string) {
    super()
    this.text = text
  }

  override valueOf(): string {
    return this.text
  }

  override toString(): string {
    return this.text
  }

  /** `captured.size`. */
  override liquidMethodMissing(key: string | number): number | undefined {
    return key === 'size' ? this.text.length : undefined
  }
}

/** A value as it is printed: nothing for what is missing, lists without gaps. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(textOf).join('')
  // Drops of the engine (forloop, empty) print themselves; an object of the data prints as JavaScript prints it, whatever it holds.
  if (value instanceof Drop) return textOf(primitive(value))
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  return '[object Object]'
}

function primitive(drop: Drop): unknown {
  const value: unknown = drop.valueOf()
  return value instanceof Drop ? '' : value
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

/** A value as HTML text or as a quoted attribute: nothing of it opens or closes anything. */
export function escapeHtml(value: unknown): string {
  if (value instanceof Markup) return value.text
  return textOf(value).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}
