import type { Client } from '../../platform/http/operation.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type {
  CredentialPepper,
  PeopleAccess,
  SessionFactor,
  SessionLevel,
} from '../../security/access/index.ts'
import type { Redacted } from '../../kernel/redacted.ts'
import { Fault } from '../../kernel/faults.ts'
import type { Detection } from '../../security/detection/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { LogInLimits } from '../../security/limits/index.ts'
import type { PeopleSealing } from './client-facts.ts'
import { hashClient } from './challenges.ts'
import { deviceMarkOf, hashDeviceMark, mintDeviceMark } from './device-mark.ts'
import type { LogInLetters } from './letters.ts'
import type { LogInStore } from './log-in-store.ts'

/** A session that was just made, and what the client keeps of it. */
export interface NewSession {
  readonly sessionId: string
  readonly token: Redacted<string>
  /** For the device's cookie. */
  readonly deviceMark: string
  readonly level: SessionLevel
  readonly factor: SessionFactor
  readonly expiresAt: Date
}

export interface SessionIssuer {
  /**
   * Makes a session for a person who has shown what it takes, remembers the device and records it. The owner is told of a device that was
   * not known, unless `tell` is false: at the first session of an account there is nobody else to tell. Throws `unauthenticated` for a
   * person who may not sign in, `unavailable`.
   */
  issue(wanted: {
    readonly personId: string
    readonly level: SessionLevel
    readonly factor: SessionFactor
    readonly client: Client
    /** UUID of the one workspace that it opens (single sign-on). */
    readonly onlyWorkspace?: string
    /** False: nothing was shown now that counts for step-up. Default true. */
    readonly strong?: boolean
    readonly tell?: boolean
  }): Promise<NewSession>
}

/** Long enough to set up a second factor, and no longer: it stands on a password and a mail alone. */
const ENROLMENT_HOURS = 1

/** See the slice's door. Other slices (sign-up, single sign-on) sign people in through this too. */
export function createSessionIssuer(deps: {
  readonly store: LogInStore
  readonly people: Pick<PeopleAccess, 'issue'>
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly sealing: PeopleSealing
  readonly letters: LogInLetters
  readonly limits: Pick<LogInLimits, 'succeeded'>
  readonly detection: Pick<Detection, 'observe'>
  readonly log: Pick<Logger, 'warn'>
  readonly newId: () => string
}): SessionIssuer {
  return {
    async issue({ personId, level, factor, client, onlyWorkspace, tell, strong }) {
      const facts = await deps.store.signIn(personId)
      if (facts === undefined) throw new Fault('unauthenticated', { detail: 'This person may not sign in.' })
      const sessionId = deps.newId()
      const clientKey = clientKeyOf(client.address)
      const deviceMark = deviceMarkOf(client.device) ?? mintDeviceMark()
      const [device, clientHash, mark] = await Promise.all([
        deps.sealing.sealDevice(sessionId, client),
        hashClient(deps.pepper, clientKey),
        hashDeviceMark(deps.pepper, personId, deviceMark),
      ])
      const isKnown = await deps.store.isDeviceKnown(personId, mark)
      // Before the session: where no record is taken there is none.
      await deps.store.record(personId, 'session.created', {
        session: sessionId,
        level,
        factor,
        knownDevice: isKnown,
      })
      const issued = await deps.people.issue({
        personId,
        level,
        factor,
        hours: level === 'enrolment' ? ENROLMENT_HOURS : facts.hours,
        sessionId,
        device,
        clientKey: clientHash,
        ...(strong === undefined ? {} : { strong }),
        onlyWorkspace: onlyWorkspace ?? null,
      })
      await deps.store.rememberDevice(personId, mark)
      await deps.limits.succeeded(facts.email_index)
      if (!isKnown && tell !== false) {
        const email = await deps.sealing.openEmail(personId, facts.sealed_email, 'session.created')
        await deps.letters.newDevice(email, client, sessionId)
      }
      void deps.detection.observe({
        kind: 'log_in',
        outcome: 'session',
        clientKey,
        userAgent: client.userAgent,
        emailIndex: facts.email_index,
        personId,
        knownDevice: isKnown,
      })
      return { sessionId, token: issued.token, deviceMark, level, factor, expiresAt: issued.expiresAt }
    },
  }
}
