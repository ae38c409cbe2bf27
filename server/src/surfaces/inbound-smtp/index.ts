/**
 * Mail from outside: bounces, complaints and reports come in here, and what the doors behind it know as theirs. It relays nothing: a recipient
 * that no door takes is refused before DATA, and those of one transaction have one owner. Invariants: 250 is answered after every door has committed; nothing is authenticated here,
 * so nothing that a client says of itself is believed; what one client may do is bounded.
 */
import type { Logger } from 'pino'
import { Fault } from '../../kernel/faults.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import {
  createSmtpServer,
  DEFAULT_SMTP_LIMITS,
  reply,
  type SmtpListener,
  type SmtpMessage,
  type SmtpPath,
  type SmtpPeer,
  type SmtpReply,
  type SmtpServer,
  type SmtpServerMetrics,
} from '../../platform/smtp/server/index.ts'
import { createClientRates, type ClientRate } from './client-rates.ts'

/** A recipient as it stood in RCPT. */
export interface InboundRecipient {
  readonly address: string
  readonly localPart: string
  /** Lower case; empty for `<postmaster>` without a domain (RFC 5321 §4.5.1). */
  readonly domain: string
}

/**
 * `unknown`: not this door's. `forged`: has the form of one of its addresses and is none. `takenFor`: taken, and whose it is, where the door
 * keeps the mail of several owners apart.
 */
export type InboundVerdict = 'taken' | { readonly takenFor: string } | 'unknown' | 'forged'

/** What became of a mail. `refused` is for good; a door that cannot decide now throws a Fault that says so. */
export type InboundResult = { readonly kind: 'kept' } | { readonly kind: 'refused'; readonly reason: string }

/** Mail for one owner behind one door. */
export interface InboundMail {
  /** The envelope sender; empty for the null path. */
  readonly from: string
  readonly recipients: readonly InboundRecipient[]
  /** CRLF line ends. */
  readonly raw: Buffer
  readonly client: { readonly address: string | null; readonly helo: string | null; readonly tls: boolean }
}

/** Who takes mail behind the listener: one for each kind of address. */
export interface InboundDoor {
  readonly name: string
  judge(recipient: InboundRecipient): Promise<InboundVerdict>
  /** Resolves after the commit. The same mail may come twice: the client did not hear our 250, or another door failed. */
  receive(mail: InboundMail): Promise<InboundResult>
}

interface Taker {
  readonly door: InboundDoor
  readonly owner: string | null
}

export interface InboundLimits {
  readonly messageBytes: number
  readonly connections: number
  readonly connectionsPerClient: number
  readonly connectionRate: ClientRate
  readonly messageRate: ClientRate
  /** Refused recipients: whoever guesses addresses runs out of them. */
  readonly refusalRate: ClientRate
}

/** A report quotes at most what was sent; 10 MiB is what large receivers quote at most. Rates are ten times a busy provider's. */
export const INBOUND_LIMITS: InboundLimits = {
  messageBytes: 10 * 1024 * 1024,
  connections: 1_000,
  connectionsPerClient: 50,
  connectionRate: { burst: 120, perMinute: 120 },
  messageRate: { burst: 1_200, perMinute: 1_200 },
  refusalRate: { burst: 60, perMinute: 10 },
}

const RECIPIENTS_MAX = 100
/** Content of all sessions together, before it is parsed. */
const BUFFERED_BYTES = 128 * 1024 * 1024
/** One client's part: three of the largest messages at once. With all of it, 13 slow connections kept every bounce of others out. */
const BUFFERED_BYTES_PER_CLIENT = 32 * 1024 * 1024

const TOO_MANY_CONNECTIONS = reply(421, '4.7.0', 'Too many connections from your network, try again later')
const TOO_MANY_MESSAGES = reply(450, '4.7.0', 'Too many messages from your network, try again later')
const TOO_MANY_REFUSALS = reply(421, '4.7.0', 'Too many unknown recipients, try again later')
const UNKNOWN = reply(550, '5.1.1', 'No such address here')
const FORGED = reply(550, '5.7.1', 'This address was not written by us')
const KEPT = reply(250, '2.0.0', 'Kept')
/**
 * One answer follows the content (RFC 5321 §4.2.5), whoever it is for: were it kept for one owner and not for another, every answer would be
 * wrong for somebody. With this code the client sends the others by themselves (§4.5.3.1.10).
 */
const ONE_AT_A_TIME = reply(452, '4.5.3', 'Recipients of one owner at a time, send to this one separately')

export interface InboundDependencies {
  readonly listener: Pick<SmtpListener, 'host' | 'port'>
  readonly hostname: string
  readonly tls: () => { readonly cert: string; readonly key: string }
  /** Asked in this order; the first that knows a recipient has it. */
  readonly doors: readonly InboundDoor[]
  readonly limits?: InboundLimits
  readonly log: Logger
  readonly metrics?: SmtpServerMetrics
  /** Milliseconds of a clock that only runs forward. */
  readonly nowMs: () => number
}

/** The listener for mail from outside (RFC 5321). Not open yet: `listen` opens it. */
export function createInbound(deps: InboundDependencies): SmtpServer<never> {
  const limits = deps.limits ?? INBOUND_LIMITS
  const rates = (rate: ClientRate) => createClientRates({ rate, nowMs: deps.nowMs })
  const [connections, messages, refusals] = [
    rates(limits.connectionRate),
    rates(limits.messageRate),
    rates(limits.refusalRate),
  ]

  /** Who answers for a recipient. */
  async function takerOf(recipient: InboundRecipient): Promise<Taker | 'unknown' | 'forged'> {
    let forged = false
    for (const door of deps.doors) {
      const verdict = await door.judge(recipient)
      if (verdict === 'taken') return { door, owner: null }
      if (typeof verdict === 'object') return { door, owner: verdict.takenFor }
      forged ||= verdict === 'forged'
    }
    return forged ? 'forged' : 'unknown'
  }

  /** Whether a recipient has the owner of those that the transaction has already, who have one. */
  async function goesWith({ door, owner }: Taker, [first]: readonly SmtpPath[]): Promise<boolean> {
    if (first === undefined) return true
    const other = await takerOf(recipientOf(first.address))
    return typeof other === 'object' && other.door === door && other.owner === owner
  }

  async function deliver(peer: SmtpPeer, message: SmtpMessage): Promise<SmtpReply> {
    const recipients = message.recipients.map((path) => recipientOf(path.address))
    let only: Taker | null = null
    for (const recipient of recipients) {
      const taker = await takerOf(recipient)
      // Judged a second time: what was taken at RCPT and is nobody's now, or another's, must not vanish.
      if (typeof taker === 'string') return reply(550, '5.1.1', 'A recipient is not here any more')
      only ??= taker
      if (taker.door !== only.door || taker.owner !== only.owner)
        throw new Fault('unavailable', { detail: 'A recipient has changed hands.' })
    }
    if (only === null) throw new Error('a transaction has no recipient')
    const client = { address: peer.address, helo: peer.helo, tls: peer.tls !== null }
    const result = await only.door.receive({
      from: message.from.address,
      recipients,
      raw: message.raw,
      client,
    })
    return result.kind === 'kept' ? KEPT : reply(550, '5.7.1', result.reason)
  }

  return createSmtpServer<never>({
    listeners: [
      { name: 'inbound', ...deps.listener, tls: 'starttls', requireTls: false, requireAuth: false },
    ],
    hostname: deps.hostname,
    secureContext: deps.tls,
    limits: {
      ...DEFAULT_SMTP_LIMITS,
      messageBytes: limits.messageBytes,
      recipients: RECIPIENTS_MAX,
      connections: limits.connections,
      connectionsPerAddress: limits.connectionsPerClient,
      commandTimeoutMs: 120_000,
      sessionMs: 900_000,
      bufferedBytes: BUFFERED_BYTES,
      bufferedBytesPerAddress: BUFFERED_BYTES_PER_CLIENT,
    },
    extensions: { smtputf8: true },
    log: deps.log,
    ...(deps.metrics === undefined ? {} : { metrics: deps.metrics }),
    handler: {
      connect: (peer) => Promise.resolve(connections.take(peer.address) ? undefined : TOO_MANY_CONNECTIONS),
      authenticate: () => Promise.resolve({ ok: false, reply: reply(502, '5.5.1', 'Not here') }),
      // Any sender: reports come with the null path, complaints with an address, and neither proves anything.
      mail: (peer) => Promise.resolve(messages.take(peer.address) ? undefined : TOO_MANY_MESSAGES),
      async recipient(peer, _session, path, taken) {
        try {
          const taker = await takerOf(recipientOf(path.address))
          if (typeof taker !== 'string') return (await goesWith(taker, taken)) ? undefined : ONE_AT_A_TIME
          if (!refusals.take(peer.address)) return TOO_MANY_REFUSALS
          return taker === 'forged' ? FORGED : UNKNOWN
        } catch (error) {
          return later(error, deps.log)
        }
      },
      async message(peer, _session, message) {
        try {
          return await deliver(peer, message)
        } catch (error) {
          return later(error, deps.log)
        }
      },
    },
  })
}

/** `ann@Example.COM` → its halves. An address without a domain is the one that RFC 5321 §4.5.1 demands. */
function recipientOf(address: string): InboundRecipient {
  const at = address.lastIndexOf('@')
  return at === -1
    ? { address, localPart: address, domain: '' }
    : { address, localPart: address.slice(0, at), domain: address.slice(at + 1).toLowerCase() }
}

/** Whatever goes wrong here is our side's: the client keeps the mail and comes again. */
function later(error: unknown, log: Logger): SmtpReply {
  const fault: Fault = faultOfFailure(error)
  log.warn({ err: error }, 'Mail from outside cannot be kept now; its sender tries again')
  return reply(
    451,
    '4.3.0',
    fault.code === 'unavailable' ? 'Not available now, try again later' : 'Try again later',
  )
}
