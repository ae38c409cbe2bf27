import { AUTH_LINE_TOO_LONG, AuthExchange } from './auth.ts'
import type { AuthStep } from './auth.ts'
import type { Channel } from './channel.ts'
import { checkedReply, formatPlain, INTERNAL_FAILURE, isPositive } from './reply.ts'
import type { SmtpReply } from './reply.ts'
import { REPLIES } from './replies.ts'
import type { SmtpCredentials, SmtpHandler, SmtpPeer } from './types.ts'

export type SessionPredicate<Session> = (session: Session, peer: SmtpPeer) => boolean

interface Revocation<Session> {
  readonly predicate: SessionPredicate<Session>
  readonly farewell: SmtpReply
}

export interface AuthGateDeps<Session> {
  readonly channel: Channel
  readonly handler: SmtpHandler<Session>
  /** This many failed attempts end the connection. */
  readonly failures: number
  readonly peer: () => SmtpPeer
}

/** Who the peer proved to be, and the exchange by which it proves it. */
export class AuthGate<Session> {
  readonly #deps: AuthGateDeps<Session>
  #session: Session | null = null
  #exchange: AuthExchange | null = null
  #failures = 0
  /** Revocations that came while the handler was judging the credentials. */
  #revocations: Revocation<Session>[] | null = null

  constructor(deps: AuthGateDeps<Session>) {
    this.#deps = deps
  }

  get session(): Session | null {
    return this.#session
  }

  /** Whether the next line belongs to the exchange. */
  get asks(): boolean {
    return this.#exchange !== null
  }

  forget(): void {
    this.#session = null
    this.#exchange = null
    this.#revocations = null
  }

  begin(argument: string): void {
    const { exchange, step } = AuthExchange.begin(argument)
    this.#exchange = exchange
    this.#apply(step)
  }

  line(text: string): void {
    if (this.#exchange !== null) this.#apply(this.#exchange.next(text))
  }

  lineTooLong(): void {
    this.#apply({ kind: 'refused', reply: AUTH_LINE_TOO_LONG })
  }

  /** Whether the session exists and is to end. One that is being judged ends with `farewell` if it is to. */
  revokes(predicate: SessionPredicate<Session>, farewell: SmtpReply): boolean {
    if (this.#session !== null) return predicate(this.#session, this.#deps.peer())
    this.#revocations?.push({ predicate, farewell })
    return false
  }

  #apply(step: AuthStep): void {
    switch (step.kind) {
      case 'challenge':
        this.#deps.channel.sendText(formatPlain(334, [step.text]))
        return
      case 'refused':
        this.#exchange = null
        this.#deps.channel.refuse(step.reply)
        return
      case 'credentials':
        this.#exchange = null
        this.#authenticate(step.credentials)
    }
  }

  #authenticate(credentials: SmtpCredentials): void {
    const { channel, handler, failures, peer } = this.#deps
    this.#revocations = []
    channel.ask(
      () => handler.authenticate(peer(), credentials),
      (outcome) => {
        const revocations = this.#revocations ?? []
        this.#revocations = null
        if (!outcome.ok) {
          this.#failures += 1
          if (this.#failures >= failures) channel.exhaustErrors()
          const answer = checkedReply(outcome.reply)
          channel.refuse(isPositive(answer) ? INTERNAL_FAILURE : answer)
          return
        }
        this.#session = outcome.session
        const revoked = revocations.find(({ predicate }) => predicate(outcome.session, peer()))
        if (revoked !== undefined) channel.end(revoked.farewell, 'revoked')
        else channel.send(REPLIES.authenticated)
      },
      (failure) => {
        this.#revocations = null
        channel.send(failure)
      },
    )
  }
}
