import { createPaint, type Paint } from './text.ts'
import type { Screen } from './table.ts'

export interface Progress {
  advance(by: number): void
  /** Leaves the final line and ends. */
  end(): void
}

/** Where a command's answer goes: the answer itself to standard output, everything about it to standard error. */
export interface Output {
  readonly json: boolean
  /** The colours of standard error. */
  readonly paint: Paint
  /** A whole answer: its data with --json, else as rendered. */
  show(data: unknown, render: (screen: Screen) => string): void
  /** One of a series: a line of JSON with --json. */
  line(data: unknown, render: (screen: Screen) => string): void
  /** Bytes or text as they are. */
  raw(content: string | Uint8Array): void
  readonly toTerminal: boolean
  /** A remark for a person, on standard error; nothing with --json. */
  note(text: string): void
  /** Progress of long work on standard error: a bar on a terminal, a line every 10 % (or 5 s) elsewhere. `total` null: not known. */
  progress(label: string, total: number | null): Progress
}

export interface Stream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(content: string | Uint8Array): unknown
}

export interface OutputDependencies {
  readonly stdout: Stream
  readonly stderr: Stream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly json: boolean
  readonly now: () => number
}

const BAR = 28
const REDRAW_MS = 80
const REPORT_MS = 5_000

/** Output on two streams. Colours only on a terminal, and never where NO_COLOR is set (no-color.org) or TERM is `dumb`. */
export function createOutput(deps: OutputDependencies): Output {
  const coloured = (stream: Stream): boolean =>
    stream.isTTY === true && (deps.env['NO_COLOR'] ?? '') === '' && deps.env['TERM'] !== 'dumb'
  const screen = (): Screen => ({
    columns: deps.stdout.isTTY === true ? Math.max(40, deps.stdout.columns ?? 80) : null,
    paint: createPaint(coloured(deps.stdout) && !deps.json),
    now: deps.now(),
  })
  const write = (data: unknown, render: (screen: Screen) => string, space: number): void => {
    const text = deps.json ? JSON.stringify(data, null, space) : render(screen()).replace(/\n$/, '')
    deps.stdout.write(`${text}\n`)
  }
  return {
    json: deps.json,
    paint: createPaint(coloured(deps.stderr)),
    toTerminal: deps.stdout.isTTY === true,
    show: (data, render) => write(data, render, 2),
    line: (data, render) => write(data, render, 0),
    raw: (content) => void deps.stdout.write(content),
    note(text) {
      if (!deps.json) deps.stderr.write(`${text}\n`)
    },
    progress: (label, total) =>
      deps.stderr.isTTY === true ? bar(label, total, deps) : lines(label, total, deps),
  }
}

function bar(label: string, total: number | null, deps: OutputDependencies): Progress {
  const started = deps.now()
  let done = 0
  let drawn = 0
  const draw = (): void => {
    drawn = deps.now()
    const rate = Math.round((done * 1000) / Math.max(1, drawn - started))
    const share = total === null || total === 0 ? null : Math.min(1, done / total)
    const filled = share === null ? 0 : Math.round(share * BAR)
    const middle =
      share === null
        ? `${done}`
        : `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${Math.floor(share * 100)} % ${done}/${total}`
    deps.stderr.write(`\r\u001b[K${label}  ${middle}  ${rate}/s`)
  }
  return {
    advance(by) {
      done += by
      if (deps.now() - drawn >= REDRAW_MS) draw()
    },
    end() {
      draw()
      deps.stderr.write('\n')
    },
  }
}

function lines(label: string, total: number | null, deps: OutputDependencies): Progress {
  let done = 0
  let reportedAt = deps.now()
  let reportedShare = 0
  const report = (): void => {
    reportedAt = deps.now()
    if (!deps.json) deps.stderr.write(`${label}: ${done}${total === null ? '' : ` of ${total}`}\n`)
  }
  return {
    advance(by) {
      done += by
      const share = total === null || total === 0 ? 0 : Math.floor((done / total) * 10)
      if (share > reportedShare || deps.now() - reportedAt > REPORT_MS) {
        reportedShare = share
        report()
      }
    },
    end() {
      if (total === null || reportedShare < 10) report()
    },
  }
}
