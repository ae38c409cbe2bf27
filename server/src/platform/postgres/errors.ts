const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '25P03', // idle_in_transaction_session_timeout
  '53300', // too_many_connections
])

const CONNECTION_TEXT =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|terminating connection)/

/** The SQLSTATE or the system's code of an error, where it has one. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** The database is away or the connection broke. The outcome of a COMMIT in flight is then unknown. SQLSTATE class 08 included. */
export function isConnectionError(error: unknown): boolean {
  const code = errorCode(error)
  if (code !== null && (code.startsWith('08') || CONNECTION_CODES.has(code))) return true
  return error instanceof Error && CONNECTION_TEXT.test(error.message)
}

/** 53100 disk_full; also 58030 io_error that says so, which is what a full WAL volume gives. */
export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error)
  if (code === '53100' || code === 'ENOSPC') return true
  return error instanceof Error && code === '58030' && /No space left/i.test(error.message)
}

/** 23505, on any constraint or on the named one. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return errorCode(error) === '23505' && matches(error, constraint)
}

/** 23503, on any constraint or on the named one. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  return errorCode(error) === '23503' && matches(error, constraint)
}

/** 23514, on any constraint or on the named one. */
export function isCheckViolation(error: unknown, constraint?: string): boolean {
  return errorCode(error) === '23514' && matches(error, constraint)
}

/** 55P03 and 57014: a lock or statement timeout. */
export function isTimeout(error: unknown): boolean {
  const code = errorCode(error)
  return code === '55P03' || code === '57014'
}

/** SQLSTATE BH423: a guard refused the write. Answers DETAIL, the notice of the containment as JSON; null for other errors. */
export function containmentDetail(error: unknown): string | null {
  if (!(error instanceof Error) || errorCode(error) !== 'BH423' || !('detail' in error)) return null
  return typeof error.detail === 'string' ? error.detail : null
}

function matches(error: unknown, constraint: string | undefined): boolean {
  if (constraint === undefined) return true
  return error instanceof Error && 'constraint' in error && error.constraint === constraint
}
