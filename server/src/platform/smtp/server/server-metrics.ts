import { SECONDS_OF_WORK, type Metrics } from '../../telemetry/index.ts'
import type { SmtpHandler, SmtpListenerName } from './types.ts'

export type SmtpServerMetrics = ReturnType<typeof createSmtpServerMetrics>

/** What the SMTP servers of a process count; one for all of them. */
export function createSmtpServerMetrics(metrics: Metrics) {
  const sessions = metrics.counter({
    name: 'bulkhead_smtp_server_sessions_total',
    help: 'SMTP sessions that others opened, by listener; `refused` were turned away by a limit.',
    labels: ['listener', 'result'],
  })
  const open = metrics.gauge({
    name: 'bulkhead_smtp_server_sessions',
    help: 'SMTP sessions of others that are open.',
    labels: ['listener'],
  })
  const commands = metrics.counter({
    name: 'bulkhead_smtp_server_answers_total',
    help: 'Answers to AUTH, to recipients and to the content, by listener and class of the code (2yz, 4yz, 5yz).',
    labels: ['listener', 'command', 'class'],
  })
  const seconds = metrics.histogram({
    name: 'bulkhead_smtp_server_message_seconds',
    help: 'From the end of the content to its answer, which comes after the commit.',
    labels: ['listener'],
    buckets: SECONDS_OF_WORK,
  })
  const count = (listener: SmtpListenerName, command: string, code: number): void =>
    commands.add([listener, command, `${Math.trunc(code / 100)}yz`])
  const opened = new Map<SmtpListenerName, number>()
  metrics.onRead(() => {
    for (const [listener, count] of opened) open.set([listener], count)
  })

  return {
    opened(listener: SmtpListenerName): void {
      sessions.add([listener, 'opened'])
      opened.set(listener, (opened.get(listener) ?? 0) + 1)
    },
    closed(listener: SmtpListenerName): void {
      opened.set(listener, (opened.get(listener) ?? 1) - 1)
    },
    refused(listener: SmtpListenerName): void {
      sessions.add([listener, 'refused'])
    },
    /** The same decisions, counted. */
    handler<Session>(inner: SmtpHandler<Session>): SmtpHandler<Session> {
      const connect = inner.connect?.bind(inner)
      return {
        ...(connect === undefined ? {} : { connect }),
        async authenticate(peer, credentials) {
          const outcome = await inner.authenticate(peer, credentials)
          count(peer.listener, 'auth', outcome.ok ? 235 : outcome.reply.code)
          return outcome
        },
        mail: (peer, session, path) => inner.mail(peer, session, path),
        async recipient(peer, session, path, taken) {
          const answer = await inner.recipient(peer, session, path, taken)
          count(peer.listener, 'rcpt', answer === undefined ? 250 : answer.code)
          return answer
        },
        async message(peer, session, message) {
          const began = performance.now()
          const answer = await inner.message(peer, session, message)
          seconds.observe([peer.listener], (performance.now() - began) / 1_000)
          count(peer.listener, 'data', answer.code)
          return answer
        },
      }
    },
  }
}
