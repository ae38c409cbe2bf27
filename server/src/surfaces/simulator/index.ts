/**
 * The simulator: addresses of a reserved domain that accept, refuse, defer, bounce later and complain, so that whoever builds on Bulkhead
 * can see each fate of a message without a stranger's mailbox. Mail to it goes the whole way, signed and journalled, to a UNIX socket; what
 * comes back later comes through the inbound listener as from anybody.
 */
import type { Logger } from 'pino'
import { createSmtpConnection, type SmtpTarget } from '../../platform/smtp/client/index.ts'
import {
  createSmtpServer,
  DEFAULT_SMTP_LIMITS,
  NO_ANSWER,
  reply,
  type SmtpMessage,
  type SmtpServer,
} from '../../platform/smtp/server/index.ts'
import { writeBack } from './reports.ts'
import { scriptOf, SCRIPTS, type Script } from './scripts.ts'

export interface SimulatorDependencies {
  readonly socketPath: string
  readonly hostname: string
  /** Where bounces and complaints go; null: nobody listens, and they are left out. */
  readonly inbound: SmtpTarget | null
  readonly newId: () => string
  readonly log: Logger
}

const MESSAGE_BYTES_MAX = 41 * 1024 * 1024
const LATER_MS = 1_000
/** The inbound listener takes 120 connections a minute from one client, and the simulator is one. */
const APART_MS = 600
const AHEAD_MAX_MS = 60_000
/** Messages that were greylisted once. */
const REMEMBERED_MAX = 10_000

export function createSimulator(deps: SimulatorDependencies): SmtpServer<never> {
  const seen = new Set<string>()
  let nextMs = 0

  function isFirst(key: string): boolean {
    if (seen.has(key)) return false
    if (seen.size >= REMEMBERED_MAX) seen.clear()
    seen.add(key)
    return true
  }

  function comeBack(script: Script, message: SmtpMessage, recipient: string): void {
    const { inbound } = deps
    const to = message.from.address
    if (script.later === undefined || inbound === null || to === '') return
    const kind = script.later
    const end = message.raw.indexOf('\r\n\r\n')
    const raw = writeBack({
      kind,
      hostname: deps.hostname,
      from: kind === 'absence' ? `<${recipient}>` : `Mail Delivery System <mailer-daemon@${deps.hostname}>`,
      to,
      recipient,
      original: message.raw.subarray(0, end < 0 ? message.raw.length : end).toString('latin1'),
      id: deps.newId(),
      now: new Date(),
    })
    const now = performance.now()
    nextMs = Math.max(now + LATER_MS, nextMs + APART_MS)
    if (nextMs - now > AHEAD_MAX_MS) {
      deps.log.warn('The simulator has too much to send back; one bounce or complaint is left out')
      return
    }
    const timer = setTimeout(() => post(inbound, deps, to, raw), nextMs - now)
    timer.unref()
  }

  return createSmtpServer<never>({
    listeners: [
      { name: 'simulator', path: deps.socketPath, tls: 'none', requireTls: false, requireAuth: false },
    ],
    hostname: deps.hostname,
    secureContext: () => ({}),
    limits: { ...DEFAULT_SMTP_LIMITS, messageBytes: MESSAGE_BYTES_MAX, connections: 200 },
    extensions: { smtputf8: true },
    log: deps.log,
    handler: {
      authenticate: () => Promise.resolve({ ok: false, reply: reply(502, '5.5.1', 'Not here') }),
      mail: () => Promise.resolve(undefined),
      recipient: (_peer, _session, { address }) => {
        const script = scriptOf(address)
        if (script === null)
          return Promise.resolve(
            reply(550, '5.1.1', `The simulator knows ${SCRIPTS.map(({ name }) => name).join(', ')}`),
          )
        if (script.recipient === undefined || (script.once === true && !isFirst(address)))
          return Promise.resolve(undefined)
        return Promise.resolve(reply(...script.recipient))
      },
      async message(_peer, _session, message) {
        const scripts = message.recipients.map(({ address }) => ({ address, script: scriptOf(address) }))
        const delayMs = Math.max(0, ...scripts.map(({ script }) => script?.delayMs ?? 0))
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
        if (scripts.some(({ script }) => script?.silence === true)) return NO_ANSWER
        const refusal = scripts.find(({ script }) => script?.content !== undefined)?.script?.content
        if (refusal !== undefined) return reply(...refusal)
        for (const { address, script } of scripts) if (script !== null) comeBack(script, message, address)
        return reply(250, '2.0.0', 'The simulator took it')
      },
    },
  })
}

/** One message to the inbound listener. What fails is logged: nobody's mail depends on it. */
function post(target: SmtpTarget, deps: SimulatorDependencies, to: string, raw: Buffer): void {
  let offered = false
  const connection = createSmtpConnection<Buffer>({
    target,
    ehloName: deps.hostname,
    tls: { mode: 'none' },
    pull: () => {
      if (offered) return null
      offered = true
      return raw
    },
    transactionOf: (content) => ({
      from: '',
      recipients: [{ address: to }],
      chunks: [content],
      bytes: content.length,
      eightBit: false,
      smtputf8: false,
    }),
    beforeFinalDot: () => undefined,
    onOutcome: (_content, [outcome]) => {
      if (outcome?.kind !== 'delivered')
        deps.log.warn({ outcome: outcome?.kind }, 'What the simulator sends back was not taken')
    },
    onIdle: () => connection.close(),
    onClosed: () => undefined,
    maxTransactions: 1,
    idleMs: 1_000,
  })
  connection.open()
}
