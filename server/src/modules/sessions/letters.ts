import type { Logger } from '../../platform/telemetry/index.ts'
import { deviceName, networkName, writeLetter } from '../system-mail/index.ts'
import type { SystemMail } from '../system-mail/index.ts'
import type { ClientFacts } from './client-facts.ts'

export interface LogInLetters {
  /** Throws `unavailable` where no letter can be sent: without the code nobody can go on. */
  code(to: string, code: string, client: ClientFacts, attemptId: string): Promise<void>
  /** A log-in does not wait for mail that cannot be sent; it is logged. */
  newDevice(to: string, client: ClientFacts, sessionId: string): Promise<void>
  /** Once a day for each person. */
  breached(to: string, client: ClientFacts, personId: string): Promise<void>
  /** Throws where it cannot be sent: it is tried again until it is. */
  abandoned(
    to: string,
    client: ClientFacts,
    at: Date,
    attemptId: string,
    isResetDemanded: boolean,
  ): Promise<void>
}

/** How long a code by mail works, in minutes: as long as its challenge. */
const CODE_MINUTES = 10

/** What people are told about log-ins. */
export function createLogInLetters(deps: {
  readonly systemMail: Pick<SystemMail, 'send'>
  readonly publicUrl: string
  readonly log: Pick<Logger, 'warn'>
  readonly now: () => number
}): LogInLetters {
  return {
    async code(to, code, client, attemptId) {
      const text = [
        'Somebody entered the right password of your account, from a device that it had not been used on before.',
        `If it was you, enter this code within ${CODE_MINUTES} minutes:\n${code.slice(0, 4)} ${code.slice(4)}`,
        `Where: ${deviceName(client.userAgent)}, network ${networkName(client.address)}`,
        `If this was not you, tell nobody the code, and set a new password: somebody knows yours.\n${deps.publicUrl}/forgot`,
      ].join('\n\n')
      await deps.systemMail.send({
        kind: 'log_in_code',
        to,
        subject: 'Your sign-in code',
        text: `${text}\n`,
        dedupe: `log-in code ${attemptId}`,
      })
    },

    async newDevice(to, client, sessionId) {
      const letter = writeLetter('new_device', { at: new Date(deps.now()), client })
      try {
        await deps.systemMail.send({
          kind: 'new_device',
          to,
          ...letter,
          dedupe: `new device ${sessionId}`,
          lasting: true,
        })
      } catch (error) {
        deps.log.warn({ err: error }, 'The owner of an account was not told of a new device: no system mail')
      }
    },

    async breached(to, client, personId) {
      const at = new Date(deps.now())
      const more = `A letter with a link that sets a new one comes with this; another is mailed from ${deps.publicUrl}/forgot`
      await deps.systemMail.send({
        kind: 'password_breached',
        to,
        ...writeLetter('password_breached', { at, client, more }),
        dedupe: `breached ${personId} ${at.toISOString().slice(0, 10)}`,
        lasting: true,
      })
    },

    async abandoned(to, client, at, attemptId, isResetDemanded) {
      const letter = writeLetter('second_factor_abandoned', {
        at,
        client,
        ...(isResetDemanded
          ? {
              more: 'It was the third time within a day: the password signs in no more until you set a new one.',
            }
          : {}),
      })
      await deps.systemMail.send({
        kind: 'second_factor_abandoned',
        to,
        ...letter,
        dedupe: `abandoned ${attemptId}`,
        lasting: true,
      })
    },
  }
}
