import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'

export interface SmtpAnswer {
  readonly code: number
  /** Lines without code and separator. */
  readonly lines: readonly string[]
  /** The last line whole. */
  readonly text: string
}

/** An SMTP client that does what it is told, right or wrong. */
export interface SmtpWire extends AsyncDisposable {
  readonly socket: TLSSocket
  write(bytes: string | Buffer): void
  /** The next reply; throws when the connection ends first or after `timeoutMs`. */
  reply(timeoutMs?: number): Promise<SmtpAnswer>
  command(line: string, timeoutMs?: number): Promise<SmtpAnswer>
  /** MAIL, RCPT …, DATA and the content with its dots stuffed; the first refusal, or the answer to the final dot. */
  send(from: string, to: readonly string[], content: string | Buffer, timeoutMs?: number): Promise<SmtpAnswer>
  /** Resolves when the peer has closed. */
  readonly closed: Promise<void>
}

/** Thrown where the connection ended before a reply. */
export class SmtpGone extends Error {}

/** Connects to an implicit-TLS port, says EHLO and, with credentials, AUTH PLAIN. */
export async function openSmtp(
  port: number,
  login: { readonly username: string; readonly password: string } | undefined,
): Promise<SmtpWire> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  const wire = attachSmtp(socket)
  try {
    await expectCode(wire.reply(), 220)
    await expectCode(wire.command('EHLO client.test'), 250)
    if (login !== undefined) {
      const token = Buffer.from(`\0${login.username}\0${login.password}`).toString('base64')
      await expectCode(wire.command(`AUTH PLAIN ${token}`), 235)
    }
    return wire
  } catch (error) {
    socket.destroy()
    throw error
  }
}

export function attachSmtp(socket: TLSSocket): SmtpWire {
  let buffer = ''
  let over = false
  let lines: string[] = []
  const answers: SmtpAnswer[] = []
  let wake: (() => void) | undefined
  const closed = new Promise<void>((done) => {
    socket.once('close', () => {
      over = true
      wake?.()
      done()
    })
  })
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    buffer += chunk.toString('latin1')
    for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
      const text = buffer.slice(0, end)
      buffer = buffer.slice(end + 2)
      lines.push(text.slice(4))
      if (text[3] === '-') continue
      answers.push({ code: Number(text.slice(0, 3)), lines, text })
      lines = []
    }
    wake?.()
  })
  async function reply(timeoutMs = 30_000): Promise<SmtpAnswer> {
    const end = performance.now() + timeoutMs
    while (answers.length === 0) {
      const left = end - performance.now()
      if (over) throw new SmtpGone('the connection ended before a reply')
      if (left <= 0) throw new Error(`no reply within ${timeoutMs} ms`)
      await new Promise<void>((done) => {
        const timer = setTimeout(done, left)
        wake = () => {
          clearTimeout(timer)
          done()
        }
      })
    }
    return answers.shift()!
  }
  const command = (line: string, timeoutMs?: number): Promise<SmtpAnswer> => {
    socket.write(`${line}\r\n`)
    return reply(timeoutMs)
  }
  return {
    socket,
    closed,
    reply,
    command,
    write: (bytes) => void socket.write(bytes),
    async send(from, to, content, timeoutMs) {
      socket.write(
        `MAIL FROM:<${from}>\r\n${to.map((address) => `RCPT TO:<${address}>\r\n`).join('')}DATA\r\n`,
      )
      let refusal: SmtpAnswer | undefined
      for (let i = 0; i < to.length + 1; i++) {
        const answer = await reply(timeoutMs)
        if (answer.code >= 400) refusal ??= answer
      }
      const go = await reply(timeoutMs)
      if (go.code !== 354) return refusal ?? go
      const text = typeof content === 'string' ? content : content.toString('latin1')
      const stuffed = text.replaceAll('\r\n.', '\r\n..').replace(/^\./, '..')
      socket.write(Buffer.from(`${stuffed}${stuffed.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1'))
      return reply(timeoutMs)
    },
    async [Symbol.asyncDispose]() {
      socket.destroy()
      await closed
    },
  }
}

async function expectCode(answer: Promise<SmtpAnswer>, code: number): Promise<void> {
  const got = await answer
  if (got.code !== code) throw new SmtpGone(`expected ${code}: ${got.text}`)
}
