import { Fault } from '../../kernel/faults.ts'
import type { FaultContainment } from '../../kernel/faults.ts'

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
  /** The keyring's own words; they hold no secret. */
  readonly reason: string

  constructor(internal: string) {
    super('internal', {
      detail: 'The keyring refused the request',
      internal: `the keyring refused: ${internal}`,
    })
    this.name = 'KeyringRefused'
    this.reason = internal
  }
}

/** Somebody contained this; `containment` says what, why and until when. It goes on once that is lifted. */
export class KeyringContained extends Fault {
  constructor(containment: FaultContainment) {
    super('contained', {
      detail: `${containment.capability} is contained until ${containment.until}: ${containment.reason}`,
      containment,
    })
    this.name = 'KeyringContained'
  }
}

/** This kind of process opened as much as it ordinarily does in an hour or a minute; an alarm was raised. */
export class KeyringBudget extends Fault {
  constructor(internal: string) {
    super('unavailable', {
      detail: 'Too much sealed data was opened lately; this is looked into. Try again later',
      internal: `the keyring's budget ran out: ${internal}`,
      retryAfterSeconds: 60,
    })
    this.name = 'KeyringBudget'
  }
}

/** The keys of the workspace are destroyed for good: nothing of it opens, and nothing new is sealed. */
export class KeyringShredded extends Fault {
  constructor() {
    super('workspace_shredded', {
      detail: 'The workspace was shredded: its keys are destroyed for good, and nothing of it can be read',
    })
    this.name = 'KeyringShredded'
  }
}

/** The error for a refusal as the keyring sent it. A containment whose facts cannot be read is still a containment. */
export function errorOf(body: Readonly<Record<string, unknown>>): Fault {
  const message = String(body['message'])
  switch (body['code']) {
    case 'unavailable':
      return new KeyringUnavailable(message)
    case 'budget':
      return new KeyringBudget(message)
    case 'shredded':
      return new KeyringShredded()
    case 'contained':
      return new KeyringContained(readContainment(body['details']))
    default:
      return new KeyringRefused(message)
  }
}

/** Reads the facts of a containment; what is missing stays empty. */
export function readContainment(value: unknown): FaultContainment {
  const facts: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {}
  const text = (field: string): string => {
    const found = facts[field]
    return typeof found === 'string' ? found : ''
  }
  return {
    containment: text('containment'),
    capability: text('capability'),
    reasonCode: text('reasonCode'),
    reason: text('reason'),
    incident: text('incident') === '' ? null : text('incident'),
    until: text('until'),
  }
}
