import type { Cells } from './places.ts'

/** Class × places where it may be seen, each with the reason. */
export type Declared = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Sightings outside the declared cells: the class, the place, how many canaries of how many, and an example. */
export function undeclared(cells: Cells, declared: Declared): string[] {
  const lines: string[] = []
  for (const [kind, places] of cells.found) {
    for (const [place, texts] of places) {
      if (declared[kind]?.[place] !== undefined) continue
      const [example] = texts
      lines.push(`${kind} in ${place}: ${texts.size}, first ${example?.[0]} at ${example?.[1]}`)
    }
  }
  return lines
}

/** The count of distinct canaries of a class that were seen in a place. */
export function seen(cells: Cells, kind: string, place: string): number {
  return cells.found.get(kind)?.get(place)?.size ?? 0
}

/** The table that a person reads: a line per class, a column per place. */
export function scanTable(
  cells: Cells,
  planted: Readonly<Record<string, number>>,
  places: readonly string[],
): string {
  const head = ['class', 'planted', ...places]
  const lines = Object.entries(planted).map(([kind, count]) => [
    kind,
    String(count),
    ...places.map((place) => String(seen(cells, kind, place))),
  ])
  const widths = head.map((_, column) =>
    Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)),
  )
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
