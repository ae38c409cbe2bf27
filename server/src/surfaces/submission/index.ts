/**
 * SMTP submission (RFC 6409, 8314): the other way in for mail. It only translates: who may send, what is well formed and what is
 * accepted is decided where the API decides it. 250 is answered after the commit.
 */
import type { Logger } from 'pino'
import { FAULTS, type Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { parseAddress } from '../../kernel/email-address.ts'
import {
  MESSAGE_BYTES_MAX,
  RECIPIENTS_MAX,
  type AcceptService,
  type Messages,
} from '../../modules/messages/index.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import {
  createSmtpServer,
  DEFAULT_SMTP_LIMITS,
  reply,
  type SmtpListener,
  type SmtpPeer,
  type SmtpReply,
  type SmtpServer,
} from '../../platform/smtp/server/index.ts'
import type { Access, SmtpIdentity } from '../../security/access/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import { CAUSES, credentialKey } from '../../security/epochs/index.ts'
import type { CauseOfDeath, ConnectionSource, CredentialRef } from '../../security/epochs/index.ts'
import type { AuthSignals } from './auth-signals.ts'

export { createAuthSignals } from './auth-signals.ts'

export interface SubmissionDependencies {
  readonly listeners: readonly SmtpListener[]
  readonly hostname: string
  readonly tls: () => { readonly cert: string; readonly key: string }
  readonly access: Pick<Access, 'authenticateSmtp'>
  readonly messages: Pick<Messages, 'sendMime'>
  readonly accept: Pick<AcceptService, 'requireDomains'>
  readonly containment: Pick<ContainmentWatch, 'require'>
  readonly signals: AuthSignals
  /** Where a contained sender objects. */
  readonly appeal: string
  readonly log: Logger
  readonly now: () => number
}

export function createSubmission(deps: SubmissionDependencies): SmtpServer<SmtpIdentity> {
  const answer = (error: unknown): SmtpReply => replyOf(logged(error, deps.log), deps.appeal)
  /** A workspace that may not send learns it at its first command, with the reason, and keeps its connection. */
  const requireSending = ({ workspaceId, actor }: SmtpIdentity): void =>
    deps.containment.require({ workspaceId, actor, capabilities: ['send'] })

  return createSmtpServer<SmtpIdentity>({
    listeners: deps.listeners,
    hostname: deps.hostname,
    secureContext: deps.tls,
    limits: {
      ...DEFAULT_SMTP_LIMITS,
      messageBytes: MESSAGE_BYTES_MAX,
      recipients: RECIPIENTS_MAX,
      connections: 12_000,
      connectionsPerAddress: 10_500,
    },
    extensions: { smtputf8: true },
    log: deps.log,
    handler: {
      async authenticate(peer, credentials) {
        const { username, password } = credentials
        try {
          const client = { address: peer.address, userAgent: null }
          return {
            ok: true,
            session: await deps.access.authenticateSmtp(username, password.reveal(), client),
          }
        } catch (error) {
          const fault = logged(error, deps.log)
          if (fault.code === 'unauthenticated' && peer.address !== null)
            deps.signals.refused(username, peer.address)
          return { ok: false, reply: replyOf(fault, deps.appeal) }
        }
      },

      async mail(_peer, session, path) {
        if (session === null) return reply(530, '5.7.0', 'Authenticate first')
        if (path.address === '') return undefined
        const parsed = parseAddress(path.address)
        if (!parsed.ok) return reply(553, '5.1.7', `The sender address ${parsed.problem}`)
        try {
          requireSending(session)
          await deps.accept.requireDomains(session.workspaceId, [
            { field: 'MAIL FROM', domain: parsed.address.domain },
          ])
          return undefined
        } catch (error) {
          return answer(error)
        }
      },

      recipient(_peer, session, path) {
        try {
          if (session !== null) requireSending(session)
        } catch (error) {
          return Promise.resolve(answer(error))
        }
        const parsed = parseAddress(path.address)
        return Promise.resolve(
          parsed.ok ? undefined : reply(553, '5.1.3', `The recipient address ${parsed.problem}`),
        )
      },

      async message(peer, session, message) {
        if (session === null) return reply(530, '5.7.0', 'Authenticate first')
        try {
          const accepted = await deps.messages.sendMime({
            workspaceId: session.workspaceId,
            actor: session.actor,
            idempotencyKey: undefined,
            bodyHash: undefined,
            allowedSenders: session.bounds.allowedSenders,
            source: 'smtp',
            raw: message.raw,
            envelopeFrom: message.from.address,
            envelopeRecipients: message.recipients.map((recipient) => recipient.address),
            controls: {},
            traceFields: (id) => [traceField(peer, deps.hostname, id, deps.now())],
          })
          return reply(250, '2.0.0', `Accepted as ${encodeId('message', accepted.id)}`)
        } catch (error) {
          return answer(error)
        }
      },
    },
  })
}

/** The sessions of a submission server as what lives by credentials: those of the dead are ended with 421 4.7.0 and the cause. */
export function submissionSource(
  server: Pick<SmtpServer<SmtpIdentity>, 'closeSessions' | 'connections'>,
): ConnectionSource {
  return {
    credentials() {
      const seen = new Map<string, CredentialRef>()
      if (server.connections() === 0) return []
      server.closeSessions(({ credential }) => {
        seen.set(credentialKey(credential), credential)
        return false
      })
      return seen.values()
    },
    end(dead) {
      for (const cause of new Set<CauseOfDeath>(dead.values()))
        server.closeSessions(({ credential }) => dead.get(credentialKey(credential)) === cause, CAUSES[cause])
    },
  }
}

/** RFC 5321 §4.4, without the client's address: where a customer's server stands is nobody's business. */
function traceField(peer: SmtpPeer, hostname: string, id: string, nowMs: number): string {
  const protocol = peer.tls === null ? 'ESMTPA' : 'ESMTPSA'
  return `Received: by ${hostname} with ${protocol} id ${encodeId('message', id)};\r\n ${new Date(nowMs).toUTCString().replace('GMT', '+0000')}`
}

function logged(error: unknown, log: Logger): Fault {
  const fault = faultOfFailure(error)
  if (fault.status >= 500) log.error({ err: error }, fault.message)
  return fault
}

/** A fault as a reply: code and status from the catalogue, then what is wrong and what to do. */
function replyOf(fault: Fault, appeal: string): SmtpReply {
  const [code = '451', enhanced = '4.3.0'] = FAULTS[fault.code].smtp.split(' ')
  const fix = fault.containment === undefined ? fault.fields[0]?.fix : `Appeal: ${appeal}`
  return reply(
    Number(code),
    enhanced,
    fix === undefined || fault.detail.includes(fix) ? fault.detail : `${fault.detail} ${fix}`,
  )
}
