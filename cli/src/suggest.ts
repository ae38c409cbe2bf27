/** The known name nearest to what was typed, or undefined where none is near enough to be meant. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, distance: distance(typed.toLowerCase().slice(0, 60), name.toLowerCase()) }))
    .filter(({ name, distance: edits }) => edits <= Math.max(1, Math.floor(name.length / 3)))
    .sort((left, right) => left.distance - right.distance)
  return best?.name ?? known.find((name) => typed.length >= 3 && name.startsWith(typed))
}

/** Edits between two short texts; two neighbours swapped count as one (optimal string alignment). */
function distance(left: string, right: string): number {
  let before: number[] = []
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1]
      let edits = Math.min((row[j - 1] ?? 0) + (same ? 0 : 1), (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
      if (left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        edits = Math.min(edits, (before[j - 2] ?? 0) + 1)
      next.push(edits)
    }
    before = row
    row = next
  }
  return row[right.length] ?? 0
}
