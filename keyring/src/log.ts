type LogLevel = 'info' | 'warn' | 'error'
export type Log = (
  level: LogLevel,
  message: string,
  fields?: Readonly<Record<string, string | number>>,
) => void

const LEVELS = { info: 30, warn: 40, error: 50 } as const

/** One JSON object per line, with pino's numeric levels, so that all processes' logs read alike. Never pass keys or plaintext. */
export function createLog(write: (line: string) => void): Log {
  return (level, message, fields = {}) => {
    const record = {
      level: LEVELS[level],
      time: Date.now(),
      pid: process.pid,
      name: 'keyring',
      ...fields,
      msg: message,
    }
    write(`${JSON.stringify(record)}\n`)
  }
}

/** An error's text for the log, with the causes below it. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const text = error.message === '' && 'code' in error ? String(error.code) : error.message
  return error.cause === undefined ? text : `${text} (${describeError(error.cause)})`
}
