import { Fault } from '../../kernel/faults.ts'
import type { Redacted } from '../../kernel/redacted.ts'
import { writeLetter } from '../system-mail/index.ts'
import type { LetterKind, SystemMail } from '../system-mail/index.ts'
import type { ClientFacts } from './client-facts.ts'

/** Paths of the console behind which a link leads. */
export type LinkVerb =
  | 'sign-up'
  | 'reset'
  | 'email'
  | 'undo-email'
  | 'recovery'
  | 'cancel-recovery'
  | 'complete-recovery'

export interface AccountLetters {
  /** Sends one letter; the same `dedupe` again within a day sends nothing. Throws `unavailable` where system mail is not ready. */
  send(letter: {
    readonly kind: LetterKind
    readonly to: string
    readonly dedupe: string
    readonly at?: Date
    readonly client?: ClientFacts | null
    readonly workspace?: string
    readonly more?: string
    readonly link?: { readonly verb: LinkVerb; readonly token: Redacted<string>; readonly until: Date }
  }): Promise<void>
}

/** Letters about accounts. One with a link is sensitive; one without is tried for three days. */
export function createAccountLetters(deps: {
  readonly systemMail: Pick<SystemMail, 'send'>
  readonly publicUrl: string
}): AccountLetters {
  return {
    async send({ kind, to, dedupe, at, client, workspace, more, link }) {
      const { subject, text } = writeLetter(kind, {
        at: at ?? new Date(),
        client: client ?? null,
        ...(workspace === undefined ? {} : { workspace }),
        ...(more === undefined ? {} : { more }),
        ...(link === undefined
          ? {}
          : {
              // Behind the #, which no browser sends to a server and no proxy logs.
              link: {
                url: `${deps.publicUrl}/account/${link.verb}#${link.token.reveal()}`,
                until: link.until,
              },
            }),
      })
      try {
        await deps.systemMail.send({ kind, to, subject, text, dedupe, lasting: link === undefined })
      } catch (error) {
        // Sent within the day, to the address that the person had then.
        if (!(error instanceof Fault) || error.code !== 'idempotency_conflict') throw error
      }
    },
  }
}
