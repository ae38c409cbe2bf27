import { printable } from './reply-parser.ts'

/** Lines of one stretch of the dialogue: the first and the last ones, and how many in between were left out. */
export interface TranscriptLines {
  readonly first: string[]
  readonly last: string[]
  left: number
}

/** Writes down one connection. Every method is cheap, but not free: the caller keeps null instead where nobody asked. */
export interface Transcript {
  /** The stretch of a new transaction; what is said between transactions begins anew. */
  begin(): TranscriptLines
  /** One or more command lines that were written. Null: they belong to no transaction. */
  client(lines: TranscriptLines | null, text: string): void
  /** One reply that was read, as raw latin1 lines. */
  server(lines: TranscriptLines | null, raw: string): void
  /** What became of the socket: connected, TLS is up. */
  note(text: string): void
  /** Everything that is said from here on is no longer part of the set-up. */
  ready(): void
  /** The set-up, then these lines; without them what was said between transactions. At most 40 lines of at most 300 characters. */
  of(lines: TranscriptLines | null): readonly string[]
}

const MAX_LINE = 300
const SETUP_FIRST = 8
const SETUP_LAST = 4
const OWN_FIRST = 14
const OWN_LAST = 12

/** A transcript whose times count from now. The caller takes secrets out before they come here. */
export function createTranscript(): Transcript {
  const startedAt = performance.now()
  const setUp = empty()
  let between = setUp

  const add = (to: TranscriptLines, text: string) => {
    const limits = to === setUp ? [SETUP_FIRST, SETUP_LAST] : [OWN_FIRST, OWN_LAST]
    // No more is looked at than can be shown. What a server ends with a bare LF is a line here too.
    const shown = printable(text.slice(0, MAX_LINE).trimEnd().replaceAll(/\s*\n/g, '\n'))
    const line = `+${Math.round(performance.now() - startedAt)} ${shown.replaceAll('\n', ' / ')}`.slice(
      0,
      MAX_LINE,
    )
    if (to.first.length < (limits[0] ?? 0)) {
      to.first.push(line)
      return
    }
    to.last.push(line)
    if (to.last.length <= (limits[1] ?? 0)) return
    to.last.shift()
    to.left++
  }

  return {
    begin() {
      between = empty()
      return empty()
    },
    client(lines, text) {
      for (const line of text.split('\r\n')) if (line !== '') add(lines ?? between, `C: ${line}`)
    },
    server: (lines, raw) => add(lines ?? between, `S: ${raw}`),
    note: (text) => add(between, text),
    ready() {
      between = empty()
    },
    of: (lines) => [...written(setUp), ...written(lines ?? (between === setUp ? empty() : between))],
  }
}

function empty(): TranscriptLines {
  return { first: [], last: [], left: 0 }
}

function written({ first, last, left }: TranscriptLines): string[] {
  return left === 0 ? [...first, ...last] : [...first, `… ${left} lines left out`, ...last]
}

/** The command and its mechanism; what comes behind them, and lines of an exchange, are credentials. */
export function withoutSecret(line: string): string {
  const command = /^AUTH [A-Z0-9-]+/.exec(line)?.[0]
  return command === undefined ? '***' : command === line.trimEnd() ? command : `${command} ***`
}
