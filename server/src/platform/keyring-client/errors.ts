import { Fault } from '../../kernel/faults.ts'

/** The keyring did not answer in time, or cannot reach its database. The same request may succeed later. */
export class KeyringUnavailable extends Fault {
  constructor(internal: string, cause?: unknown) {
    super('unavailable', {
      detail: 'The keyring does not answer; try again in a few seconds',
      internal,
      retryAfterSeconds: 5,
      cause,
    })
    this.name = 'KeyringUnavailable'
  }
}

/** The keyring said no: to this kind of process, to these arguments, or to this value. Asking again does not help. */
export class KeyringRefused extends Fault {
  constructor(internal: string) {
    super('internal', {
      detail: 'The keyring refused the request',
      internal: `the keyring refused: ${internal}`,
    })
    this.name = 'KeyringRefused'
  }
}
