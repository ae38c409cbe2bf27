type Step = string | number

/** Between steps of a path as a key: a character that no name in a file may hold. */
const DEEP = '\0'

/**
 * Where tables and keys of a TOML text begin, by path. For texts that a parser has accepted: it looks at the structure only, in one
 * pass. What it does not understand has no line.
 */
export function lineFinder(text: string): (path: readonly Step[]) => number | null {
  const lines = new Map<string, number>()
  /** How many elements each array of tables has so far. */
  const elements = new Map<string, number>()
  let table: readonly Step[] = []
  let line = 1
  let at = 0

  const note = (path: readonly Step[]): void => {
    for (let length = 1; length <= path.length; length++) {
      const key = path.slice(0, length).join(DEEP)
      if (!lines.has(key)) lines.set(key, line)
    }
  }
  /** The path of a header or key: in it, a name of an array of tables stands for its last element. */
  const inElements = (names: readonly string[]): Step[] => {
    const path: Step[] = []
    for (const name of names) {
      path.push(name)
      const count = elements.get(path.join(DEEP))
      if (count !== undefined) path.push(count - 1)
    }
    return path
  }

  while (at < text.length) {
    const character = text[at]
    if (character === '\n') {
      line += 1
      at += 1
    } else if (character === '#') {
      at = endOfLine(text, at)
    } else if (character === undefined || /\s/.test(character)) {
      at += 1
    } else if (character === '[') {
      const isArray = text[at + 1] === '['
      const found = readKey(text, at + (isArray ? 2 : 1))
      if (isArray) {
        const [last = '', ...before] = found.names.toReversed()
        const path = [...inElements(before.toReversed()), last]
        const count = (elements.get(path.join(DEEP)) ?? 0) + 1
        elements.set(path.join(DEEP), count)
        table = [...path, count - 1]
      } else {
        table = inElements(found.names)
      }
      note(table)
      at = endOfLine(text, found.end)
    } else {
      const found = readKey(text, at)
      note([...table, ...found.names])
      const end = endOfValue(text, found.end)
      line += newLines(text, at, end)
      // A text that is not understood must still end.
      at = Math.max(end, at + 1)
    }
  }

  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const found = lines.get(path.slice(0, length).join(DEEP))
      if (found !== undefined) return found
    }
    return null
  }
}

/** A dotted key: names up to `=` or `]`. */
function readKey(text: string, start: number): { readonly names: readonly string[]; readonly end: number } {
  const names: string[] = []
  let at = start
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at += 1
    const quote = text[at]
    if (quote === '"' || quote === "'") {
      const end = endOfString(text, at)
      const raw = text.slice(at + 1, end - 1)
      names.push(quote === '"' ? raw.replace(/\\(["\\])/g, '$1') : raw)
      at = end
    } else {
      const bare = /[A-Za-z0-9_-]*/y
      bare.lastIndex = at
      const [name = ''] = bare.exec(text) ?? []
      names.push(name)
      at += name.length
    }
    while (text[at] === ' ' || text[at] === '\t') at += 1
    if (text[at] !== '.') return { names, end: at }
    at += 1
  }
}

/** Behind a value that may span lines: brackets and strings are closed, and the line is at its end. */
function endOfValue(text: string, start: number): number {
  let depth = 0
  let at = start
  while (at < text.length) {
    const character = text[at]
    if (character === '"' || character === "'") {
      at = endOfString(text, at)
      continue
    }
    if (character === '#') {
      at = endOfLine(text, at)
      continue
    }
    if (character === '[' || character === '{') depth += 1
    if (character === ']' || character === '}') depth -= 1
    if (character === '\n' && depth <= 0) return at
    at += 1
  }
  return at
}

/** Behind the closing quote; of one line or several. */
function endOfString(text: string, start: number): number {
  const quote = text[start] ?? ''
  const triple = quote.repeat(3)
  const isLong = text.startsWith(triple, start)
  let at = start + (isLong ? 3 : 1)
  while (at < text.length) {
    if (quote === '"' && text[at] === '\\') {
      at += 2
    } else if (isLong ? text.startsWith(triple, at) : text[at] === quote || text[at] === '\n') {
      at += isLong ? 3 : 1
      // Up to two quotes may stand before the closing three.
      if (isLong) while (text[at] === quote) at += 1
      return at
    } else {
      at += 1
    }
  }
  return text.length
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start)
  return end < 0 ? text.length : end
}

function newLines(text: string, start: number, end: number): number {
  let count = 0
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
