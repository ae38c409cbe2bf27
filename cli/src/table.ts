import { clean, pad, truncate, width, type Paint } from './text.ts'

export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string
  readonly align?: 'left' | 'right'
  readonly paint?: (text: string, row: Row) => string
  /** Ids are useless when they are cut: they keep their width. */
  readonly whole?: boolean
}

/** What a rendering may know of the screen. `columns` is null where the output is no terminal: nothing is cut then. */
export interface Screen {
  readonly columns: number | null
  readonly paint: Paint
  readonly now: number
}

const GAP = '  '
const NARROWEST = 8

/** Rows as aligned columns under a line of titles. Where they do not fit a terminal, the widest columns are cut. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], screen: Screen): string {
  const cells = rows.map((row) => columns.map((column) => clean(column.of(row))))
  const widths = fit(
    columns.map((column, index) =>
      Math.max(width(column.title), ...cells.map((line) => width(line[index] ?? ''))),
    ),
    columns.map((column) => column.whole === true),
    screen.columns,
  )
  const head = columns.map((column, index) =>
    pad(truncate(column.title, widths[index] ?? 0), widths[index] ?? 0, column.align),
  )
  const body = rows.map((row, line) =>
    columns
      .map((column, index) => {
        const columnWidth = widths[index] ?? 0
        const cell = pad(truncate(cells[line]?.[index] ?? '', columnWidth), columnWidth, column.align)
        return column.paint === undefined ? cell : column.paint(cell, row)
      })
      .join(GAP),
  )
  return [screen.paint.dim(head.join(GAP).trimEnd()), ...body].map((line) => `${line.trimEnd()}\n`).join('')
}

function fit(natural: readonly number[], whole: readonly boolean[], available: number | null): number[] {
  const widths = [...natural]
  if (available === null) return widths
  const total = (): number => widths.reduce((sum, item) => sum + item, GAP.length * (widths.length - 1))
  while (total() > available) {
    const widest = widths.reduce(
      (best, item, index) =>
        whole[index] !== true && item > NARROWEST && (best < 0 || item > (widths[best] ?? 0)) ? index : best,
      -1,
    )
    if (widest < 0) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

/** Names and values under each other; rows without a value are left out. */
export function facts(
  rows: readonly (readonly [string, string | null | undefined])[],
  screen: Screen,
): string {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== '')
  const left = Math.max(0, ...shown.map(([name]) => width(name)))
  return shown
    .map(([name, value]) => `${screen.paint.dim(pad(name, left))}  ${clean(value ?? '')}\n`)
    .join('')
}
