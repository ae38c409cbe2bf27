/**
 * Replaces literal texts, all in one pass: what is put in is not looked at again, so that a value is never taken for something to replace. Of
 * texts that begin alike the longest counts. Throws RangeError where the text would grow by more than `growthMax` characters: a short text full
 * of what becomes long is a cheap way to fill a memory.
 */
export function literalReplacer(
  values: Readonly<Record<string, string>>,
  growthMax: number,
): (text: string) => string {
  const table = new Map(Object.entries(values).filter(([literal]) => literal !== ''))
  if (table.size === 0) return (text) => text
  const literals = [...table.keys()].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(literals.map(escaped).join('|'), 'g')
  return (text) => {
    let growth = 0
    return text.replaceAll(pattern, (literal) => {
      const value = table.get(literal) ?? literal
      growth += value.length - literal.length
      if (growth > growthMax) throw new RangeError(`more than ${growthMax} characters longer`)
      return value
    })
  }
}

function escaped(literal: string): string {
  return literal.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}
