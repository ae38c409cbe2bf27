type Value = string | number | boolean
export type Attributes = Readonly<Record<string, Value>>

/** Attributes as a person writes them: a name, = and a value on each line. What would be read as another kind stands in quotes. */
export function writeAttributes(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name} = ${typeof value === 'string' ? quoted(value) : String(value)}`)
    .join('\n')
}

function quoted(text: string): string {
  return valueOf(text) === text && !text.includes('\n') && text.trim() === text ? text : JSON.stringify(text)
}

/** Reads what a person wrote; the first line that is none is named. */
export function readAttributes(
  text: string,
):
  | { readonly attributes: Attributes; readonly problem?: undefined }
  | { readonly problem: string; readonly attributes?: undefined } {
  const found = new Map<string, Value>()
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const [, name, value] = /^\s*([A-Za-z_]\w{0,63})\s*=(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined)
      return { problem: `“${line.trim().slice(0, 40)}” is no attribute: write a name, = and a value.` }
    if (found.has(name)) return { problem: `${name} stands there twice.` }
    found.set(name, valueOf(value.trim()))
  }
  return { attributes: Object.fromEntries(found) }
}

function valueOf(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true'
  // What another way of writing would come back as another text stays text: 007, 1e3.
  if (text !== '' && String(Number(text)) === text && Number.isFinite(Number(text))) return Number(text)
  if (!/^".*"$/.test(text)) return text
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === 'string' ? read : text
  } catch {
    return text
  }
}

/** What a change says: the new values, and null for those that are gone. */
export function changesOf(before: Attributes, after: Attributes): Record<string, Value | null> {
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name))
  return { ...after, ...Object.fromEntries(gone.map((name) => [name, null])) }
}
