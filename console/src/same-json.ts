/** Whether two values of JSON mean the same; the order of members says nothing. */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const ours = Object.entries(one)
  const theirs = new Map<string, unknown>(Object.entries(other))
  return (
    ours.length === theirs.size &&
    ours.every(([name, value]) => theirs.has(name) && isSameJson(value, theirs.get(name)))
  )
}
