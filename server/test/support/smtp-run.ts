import { afterEach, expect } from 'vitest'
import { scriptedSmtp } from './scripted-smtp.ts'
import type { ScriptedPeer, ScriptedServer } from './scripted-smtp.ts'
import { createSmtpConnection } from '../../src/platform/smtp/client/index.ts'
import type {
  SmtpCloseReason,
  SmtpConnection,
  SmtpConnectionDeps,
  SmtpOutcome,
  SmtpOutcomeInfo,
  SmtpTransaction,
} from '../../src/platform/smtp/client/index.ts'

/** `to`: recipients other than `to<n>@example.net`. */
export type Job = { n: number; to?: readonly string[] } & Partial<SmtpTransaction>
const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const message = (n: number) => Buffer.from(`Subject: ${n}\r\n\r\nbody ${n}\r\n`)

/** One connection to a scripted server with these jobs, run until it closes. */
export async function run(
  script: (peer: ScriptedPeer) => Promise<void>,
  jobs: (number | Job)[],
  over: Partial<SmtpConnectionDeps<Job>> = {},
  late: (connection: SmtpConnection) => Partial<SmtpConnectionDeps<Job>> = () => ({}),
) {
  const server = await scriptedSmtp(script)
  servers.push(server)
  const queue = jobs.map((job) => (typeof job === 'number' ? { n: job } : job))
  const outcomes: { n: number; outcome: SmtpOutcome }[] = []
  const infos: SmtpOutcomeInfo[] = []
  const order: string[] = []
  const closed = Promise.withResolvers<SmtpCloseReason>()
  const deps: SmtpConnectionDeps<Job> = {
    target: { host: 'sink.test', address: '127.0.0.1', port: server.port, family: 4 },
    ehloName: 'client.test',
    tls: { mode: 'none' },
    pull: () => {
      const job = queue.shift() ?? null
      if (job) order.push(`pull ${job.n}`)
      return job
    },
    transactionOf: (job) => ({
      from: 'from@example.com',
      recipients: (job.to ?? [`to${job.n}@example.net`]).map((address) => ({ address })),
      chunks: [message(job.n)],
      bytes: message(job.n).length,
      eightBit: false,
      smtputf8: false,
      ...job,
    }),
    beforeFinalDot: (job) => order.push(`dot ${job.n}`),
    onOutcome: (job, all, info) => {
      order.push(`outcome ${job.n}`)
      infos.push(info)
      for (const outcome of all) outcomes.push({ n: job.n, outcome })
    },
    onIdle: () => {},
    onClosed: closed.resolve,
    maxTransactions: 100,
    idleMs: 30,
    ...over,
  }
  const lateBound: Partial<SmtpConnectionDeps<Job>> = late({
    get state() {
      return connection.state
    },
    open: () => connection.open(),
    wake: () => connection.wake(),
    close: () => connection.close(),
    destroy: (cause) => connection.destroy(cause),
  })
  const connection: SmtpConnection = createSmtpConnection<Job>({ ...deps, ...lateBound })
  connection.open()
  const reason = await closed.promise
  expect(connection.state).toBe('closed')
  expect(server.errors).toEqual([])
  const peer = server.peers[0]
  peer?.socket.resume()
  if (peer) await peer.closed()
  return {
    outcomes,
    infos,
    reason,
    order,
    peer,
    connection,
    kinds: outcomes.map(({ n, outcome }) => `${n} ${outcome.kind}`),
    left: queue.length,
  }
}

/** Serves messages until QUIT, one reply per command. */
export async function serve(peer: ScriptedPeer) {
  for (;;) {
    const line = await peer.line()
    if (line === 'QUIT\r\n') return void peer.socket.end('221 bye\r\n')
    if (line === 'DATA\r\n') {
      peer.send('354 go\r\n')
      await peer.until('\r\n.\r\n')
    }
    peer.send('250 2.0.0 Ok\r\n')
  }
}
