import type { Detection } from '../../security/detection/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { KeyedDigest } from '../../security/limits/index.ts'

/** Signals on their way at a time: a flood of guesses must not take the connections that mail is accepted over. */
const WAITING_MAX = 4

export interface AuthSignals {
  /** Tells of a refused AUTH. Answers at once and never throws; what comes faster than it can be stored is dropped. */
  refused(username: string, address: string): void
}

/**
 * Tells detection of guesses over SMTP (`smtp_auth`). User names leave as HMACs, because some people write their address there. Who gets in
 * is not told: credentials cost nothing, and an attacker would drown his guesses at accounts in log-ins of his own.
 */
export function createAuthSignals(deps: {
  readonly detection: Pick<Detection, 'observe'>
  readonly digest: KeyedDigest
}): AuthSignals {
  let waiting = 0

  async function tell(username: string, address: string): Promise<void> {
    await deps.detection.observe({
      kind: 'smtp_auth',
      outcome: 'wrong_password',
      clientKey: clientKeyOf(address),
      userAgent: '',
      emailIndex: await deps.digest(`smtp\0${username}`),
      personId: null,
    })
  }

  return {
    refused(username, address) {
      if (waiting >= WAITING_MAX) return
      waiting += 1
      tell(username, address)
        // A keyring that is away is told of by whoever needs it.
        .catch(() => undefined)
        .finally(() => {
          waiting -= 1
        })
    },
  }
}
