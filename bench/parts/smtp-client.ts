/**
 * What the SMTP client costs: messages a second and CPU per message against a minimal sink in a child process.
 *   node bench/parts/smtp-client.ts [--messages 100000] [--connections 20] [--bytes 5000] [--tls]
 * The child answers without keeping or checking content, so that the figure is the client's and the kernel's.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { parseArgs } from 'node:util'
import { createSmtpConnection } from '../../server/src/platform/smtp/client/index.ts'
import { selfSigned } from '../self-signed.ts'

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    connections: { type: 'string', default: '20' },
    bytes: { type: 'string', default: '5000' },
    tls: { type: 'boolean', default: false },
  },
})

/** Answers one connection. Trusts its client: content ends at the first CRLF.CRLF, commands are told by their first letter. */
function serve(socket: Socket): void {
  let rest = ''
  let content = false
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.write('220 sink ESMTP\r\n')
  socket.on('data', (chunk: Buffer) => {
    let out = ''
    const text = rest + chunk.toString('latin1')
    let at = 0
    for (;;) {
      if (content) {
        const end = text.indexOf('\r\n.\r\n', at)
        if (end < 0) break
        at = end + 5
        content = false
        out += '250 2.0.0 Ok: queued\r\n'
        continue
      }
      const end = text.indexOf('\n', at)
      if (end < 0) break
      const letter = text[at]
      at = end + 1
      if (letter === 'E') out += '250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000000\r\n'
      else if (letter === 'D') {
        content = true
        out += '354 go\r\n'
      } else if (letter === 'Q') return socket.end(`${out}221 2.0.0 Bye\r\n`)
      else out += '250 2.1.0 Ok\r\n'
    }
    rest = text.slice(at)
    if (out !== '') socket.write(out)
  })
}

async function sink(): Promise<void> {
  const server = values.tls ? createTlsServer(selfSigned(), serve) : createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : 0)
  process.on('disconnect', () => process.exit(0))
}

async function drive(): Promise<void> {
  const messages = Math.min(Number(values.messages), 2_000_000)
  const connections = Math.min(Number(values.connections), 500)
  const child = fork(import.meta.filename, process.argv.slice(2))
  const [port] = await once(child, 'message')
  if (typeof port !== 'number') throw new Error('the sink gave no port')

  const header = Buffer.from('From: a@example.com\r\nTo: b@example.com\r\nSubject: bench\r\n\r\n')
  const line = `${'x'.repeat(76)}\r\n`
  const body = Buffer.from(line.repeat(Math.ceil((Number(values.bytes) - header.length) / line.length)))
  const bytes = header.length + body.length
  let left = messages
  let delivered = 0
  let other = 0
  let closed = 0
  const done = Promise.withResolvers<void>()
  const started = performance.now()
  const cpu = process.cpuUsage()
  for (let i = 0; i < connections; i++)
    createSmtpConnection<number>({
      target: { host: 'sink.test', address: '127.0.0.1', port, family: 4 },
      ehloName: 'bench.test',
      tls: values.tls ? { mode: 'implicit', verify: 'none' } : { mode: 'none' },
      pull: () => (left > 0 ? left-- : null),
      transactionOf: (job) => ({
        from: `bounce-${job}@example.com`,
        recipients: [{ address: `person-${job}@example.net` }],
        chunks: [header, body],
        bytes,
        eightBit: false,
        smtputf8: false,
      }),
      beforeFinalDot: () => {},
      onOutcome: (_job, [outcome]) => {
        if (outcome?.kind === 'delivered') delivered++
        else other++
      },
      onIdle: () => {},
      onClosed: () => {
        if (++closed === connections) done.resolve()
      },
      maxTransactions: Infinity,
      idleMs: 20,
    }).open()
  await done.promise
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  child.disconnect()
  const perMessage = (user + system) / Math.max(delivered, 1)
  console.log(
    `${delivered} delivered, ${other} other, ${seconds.toFixed(2)} s: ${Math.round(delivered / seconds)} messages/s; ` +
      `client CPU ${perMessage.toFixed(1)} µs/message (${Math.round(1e6 / perMessage)} per core/s); ` +
      `${bytes} bytes, ${connections} connections, tls ${values.tls}`,
  )
}

await (process.send ? sink() : drive())
