import { containedFault, parseNotice } from '../kernel/containment.ts'
import { Fault } from '../kernel/faults.ts'
import { containmentDetail, errorCode, isConnectionError, isDiskFull, isTimeout } from './postgres/index.ts'

const CHARACTER_NOT_IN_REPERTOIRE = '22021'

/**
 * What a driver threw, as a fault a caller can act on: storage that is away or full is the server's
 * trouble, said plainly, and the same request may succeed later. Everything else is `internal`.
 */
export function faultOfFailure(error: unknown): Fault {
  if (error instanceof Fault) return error
  const notice = parseNotice(containmentDetail(error) ?? '')
  if (notice !== null) return containedFault(notice, error)
  if (errorCode(error) === 'BH503') {
    return new Fault('unavailable', {
      detail:
        'The audit log is not being written, and an act that cannot be logged does not happen. Nothing was changed; sending goes on. Whoever runs this server should look at the process audit: it sequences the log, and `bulkhead status` says what it waits for.',
      internal: error instanceof Error && 'detail' in error ? String(error.detail) : 'BH503',
      retryAfterSeconds: 10,
      cause: error,
    })
  }
  // Only what a client wrote can hold it.
  if (errorCode(error) === CHARACTER_NOT_IN_REPERTOIRE) {
    return new Fault('invalid_request', {
      detail: 'A text of the request holds the character U+0000, which nothing here does.',
      cause: error,
    })
  }
  if (isDiskFull(error)) {
    return new Fault('storage_full', {
      detail: 'The server is out of disk space; nothing of this was done. Try again later.',
      retryAfterSeconds: 30,
      cause: error,
    })
  }
  if (isConnectionError(error) || isTimeout(error)) {
    return new Fault('unavailable', {
      detail:
        'The database is not reachable at the moment. Try again; with an Idempotency-Key nothing is sent twice.',
      retryAfterSeconds: 5,
      cause: error,
    })
  }
  return new Fault('internal', {
    detail:
      'The request could not be processed. Try again; if it fails again, the request id helps whoever runs this server.',
    internal: error instanceof Error ? error.message : 'a non-error was thrown',
    cause: error,
  })
}
