/** The known name that is nearest to one that somebody wrote, if it is near enough to be meant. */
export function nearest(written: string, known: readonly string[]): string | null {
  let best: string | null = null
  let least = Math.max(2, Math.ceil(written.length / 3)) + 1
  for (const name of known.slice(0, 2_000)) {
    const distance = distanceOf(written.toLowerCase().slice(0, 60), name.slice(0, 60), least)
    if (distance >= least) continue
    best = name
    least = distance
  }
  return best
}

/** Levenshtein's distance; anything from `enough` on may be answered as `enough`. */
function distanceOf(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? enough
}
