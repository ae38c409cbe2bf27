/** What is wrong with a source, at a place in it. */
export class SourceError extends Error {
  /** Offset in the source, in UTF-16 code units. */
  readonly at: number
  readonly code: 'syntax' | 'unknown_helper' | 'unsupported'

  constructor(message: string, at: number, code: SourceError['code'] = 'syntax') {
    super(message)
    this.name = 'SourceError'
    this.at = at
    this.code = code
  }
}

/** A strict rendering asks for what the data does not hold. */
export class MissingVariable extends Error {
  readonly at: number

  constructor(name: string, at: number) {
    super(`the data holds no "${name}"`)
    this.name = 'MissingVariable'
    this.at = at
  }
}

/** What cannot be done with the values that the data holds. */
export class ValueError extends Error {
  readonly at: number | null

  constructor(message: string, at: number | null = null) {
    super(message)
    this.name = 'ValueError'
    this.at = at
  }
}

export interface Position {
  readonly line: number
  readonly column: number
}

/** Line and column of an offset, from 1. */
export function positionOf(source: string, at: number): Position {
  return createPositions(source)(at)
}

/** Lines and columns of many offsets of one source: what asks for each from the beginning takes quadratic time. */
export function createPositions(source: string): (at: number) => Position {
  let starts: readonly number[] | undefined
  return (at) => {
    starts ??= lineStarts(source)
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= at) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: at - (starts[low] ?? 0) + 1 }
  }
}

/** Where each line begins. */
export function lineStarts(source: string): number[] {
  const starts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
