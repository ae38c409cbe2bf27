/**
 * SMTP submission (RFC 6409, 8314): the other way in for mail. It only translates: who may send, what is well formed and what is
 * accepted is decided where the API decides it. 250 is answered after the commit.
 */
import type { Logger } from 'pino'
import type { DoorName } from '../../kernel/doors.ts'
import { FAULTS, type Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { parseAddress } from '../../kernel/email-address.ts'
import {
  MESSAGE_BYTES_MAX,
  RECIPIENTS_MAX,
  type AcceptService,
  type Controls,
  type Messages,
  type SendRequest,
} from '../../modules/messages/index.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import {
  createSmtpServer,
  DEFAULT_SMTP_LIMITS,
  dsnOfMail,
  dsnOfRecipient,
  reply,
  type SmtpListener,
  type SmtpMessage,
  type SmtpPeer,
  type SmtpReply,
  type SmtpServer,
  type SmtpServerMetrics,
} from '../../platform/smtp/server/index.ts'
import type { Access, SmtpIdentity } from '../../security/access/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import { CAUSES, credentialKey } from '../../security/epochs/index.ts'
import type { CauseOfDeath, ConnectionSource, CredentialRef } from '../../security/epochs/index.ts'
import type { AuthSignals } from './auth-signals.ts'

export { createAuthSignals } from './auth-signals.ts'

/**
 * What a vendor's headers make of a message: it goes whole, without them and with what they say, or others are sent in its place. Null: it has
 * none of them. Throws faults where they say what cannot be.
 */
export type DoorSubmission = (message: {
  readonly raw: Buffer
  /** Of the envelope. */
  readonly recipients: readonly string[]
  readonly nowMs: number
}) =>
  | { readonly kind: 'whole'; readonly raw: Buffer; readonly controls: Partial<Controls> }
  | { readonly kind: 'requests'; readonly requests: readonly SendRequest[] }
  | null

export interface SubmissionDependencies {
  readonly listeners: readonly SmtpListener[]
  readonly hostname: string
  readonly tls: () => { readonly cert: string; readonly key: string }
  readonly access: Pick<Access, 'authenticateSmtp'>
  readonly messages: Pick<Messages, 'sendMime' | 'sendTogether'>
  /** For keys of doors, by their vendor. */
  readonly doorSubmissions?: Partial<Record<DoorName, DoorSubmission>>
  /** How a vendor says what is refused; undefined: as we do. */
  readonly doorWords?: Partial<Record<DoorName, (fault: Fault) => string | undefined>>
  readonly accept: Pick<AcceptService, 'requireDomains'>
  readonly containment: Pick<ContainmentWatch, 'require'>
  readonly signals: AuthSignals
  /** Where a contained sender objects. */
  readonly appeal: string
  readonly log: Logger
  readonly metrics?: SmtpServerMetrics
  readonly now: () => number
}

export function createSubmission(deps: SubmissionDependencies): SmtpServer<SmtpIdentity> {
  const answer = (error: unknown, { door }: SmtpIdentity): SmtpReply => {
    const fault = logged(error, deps.log)
    const words = door === null ? undefined : deps.doorWords?.[door]?.(fault)
    return replyOf(fault, deps.appeal, words)
  }
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
    extensions: { smtputf8: true, dsn: true, requireTls: true },
    log: deps.log,
    ...(deps.metrics === undefined ? {} : { metrics: deps.metrics }),
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
          return answer(error, session)
        }
      },

      recipient(_peer, session, path) {
        if (session === null) return Promise.resolve(reply(530, '5.7.0', 'Authenticate first'))
        try {
          requireSending(session)
        } catch (error) {
          return Promise.resolve(answer(error, session))
        }
        const parsed = parseAddress(path.address)
        return Promise.resolve(
          parsed.ok ? undefined : reply(553, '5.1.3', `The recipient address ${parsed.problem}`),
        )
      },

      async message(peer, session, message) {
        if (session === null) return reply(530, '5.7.0', 'Authenticate first')
        try {
          const sender = {
            workspaceId: session.workspaceId,
            actor: session.actor,
            idempotencyKey: undefined,
            bodyHash: undefined,
            allowedSenders: session.bounds.allowedSenders,
          }
          const translated = translatedBy(deps, session, message)
          if (translated?.kind === 'requests') {
            const [first] = await deps.messages.sendTogether(translated.requests, sender)
            return reply(250, '2.0.0', `Accepted as ${encodeId('message', first?.requestId ?? '')}`)
          }
          const accepted = await deps.messages.sendMime({
            ...sender,
            source: 'smtp',
            raw: translated?.raw ?? message.raw,
            envelopeFrom: message.from.address,
            envelopeRecipients: message.recipients.map((recipient) => recipient.address),
            envelopeOptions: {
              ...dsnOfMail(message.from.parameters),
              requireTls: message.from.parameters.has('REQUIRETLS'),
              recipients: message.recipients.map((recipient) => dsnOfRecipient(recipient.parameters)),
            },
            controls: translated?.controls ?? {},
            traceFields: (id) => [traceField(peer, deps.hostname, id, deps.now())],
          })
          return reply(250, '2.0.0', `Accepted as ${encodeId('message', accepted.id)}`)
        } catch (error) {
          return answer(error, session)
        }
      },
    },
  })
}

/** What the headers of the vendor whose key this is make of a message. */
function translatedBy(
  { doorSubmissions, now }: SubmissionDependencies,
  { door }: SmtpIdentity,
  { raw, recipients }: SmtpMessage,
): ReturnType<DoorSubmission> {
  const translate = door === null ? undefined : doorSubmissions?.[door]
  if (translate === undefined) return null
  return translate({ raw, recipients: recipients.map(({ address }) => address), nowMs: now() })
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
function replyOf(fault: Fault, appeal: string, words?: string): SmtpReply {
  const [code = '451', enhanced = '4.3.0'] = FAULTS[fault.code].smtp.split(' ')
  if (words !== undefined) return reply(Number(code), enhanced, words)
  const fix = fault.containment === undefined ? fault.fields[0]?.fix : `Appeal: ${appeal}`
  return reply(
    Number(code),
    enhanced,
    fix === undefined || fault.detail.includes(fix) ? fault.detail : `${fault.detail} ${fix}`,
  )
}
