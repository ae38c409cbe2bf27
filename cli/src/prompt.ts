import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { UsageError } from './failure.ts'

/** Asks the person at the terminal. `hidden`: what is typed is not shown. */
export type Ask = (question: string, options?: { readonly hidden?: boolean }) => Promise<string>

const LINE_MAX = 4_096

/**
 * Asks on a terminal, or reads line by line where the input is none, so that a script can answer through a pipe; nothing secret is ever
 * an argument, which process lists show. Throws UsageError where the input ends.
 */
export function createAsk(
  input: NodeJS.ReadStream,
  output: { write(text: string): unknown },
  signal: AbortSignal,
): Ask {
  const piped: string[] = []
  let rest: Promise<void> | undefined

  async function readPiped(): Promise<void> {
    for await (const line of createInterface({ input })) piped.push(line)
  }

  return async (question, options = {}) => {
    if (!input.isTTY) {
      rest ??= readPiped()
      await rest
      const line = piped.shift()
      if (line === undefined)
        throw new UsageError(`${question.trim()} An answer is missing: the standard input is at its end.`)
      return line.slice(0, LINE_MAX)
    }
    output.write(question)
    // What the terminal would echo goes nowhere; the question is written past it.
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
    const shown = new Writable({
      write(chunk, _encoding, done) {
        output.write(String(chunk))
        done()
      },
    })
    const lines = createInterface({
      input,
      output: options.hidden === true ? silent : shown,
      terminal: true,
      historySize: 0,
    })
    try {
      return await new Promise<string>((resolve, reject) => {
        const stop = (): void => reject(new UsageError('Cancelled.'))
        lines.once('line', resolve)
        lines.once('SIGINT', stop)
        lines.once('close', stop)
        signal.addEventListener('abort', stop, { once: true })
      })
    } finally {
      lines.close()
      if (options.hidden === true) output.write('\n')
    }
  }
}
