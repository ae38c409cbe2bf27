import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'

export type TlsMode = 'none' | 'starttls' | 'implicit'

export interface SmtpTarget {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly auth: { readonly username: string; readonly password: string } | null
}

export interface Reply {
  readonly code: number
  readonly text: string
}

const MAX_REPLY = 65_536

/** One client connection: replies in order, each command's reply awaited or, with PIPELINING (RFC 2920), several at once. */
export class SmtpConnection implements Disposable {
  #socket: Socket
  #heard = ''
  #lines: string[] = []
  #replies: Reply[] = []
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = []
  #error: Error | null = null
  #pipelining = false

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#attach(socket)
  }

  /** Connects, negotiates TLS and logs in. Rejects with the reply that stopped it. The certificate is not checked: loopback only. */
  static async open(target: SmtpTarget): Promise<SmtpConnection> {
    const { host, port } = target
    const socket =
      target.tls === 'implicit'
        ? tlsConnect({ host, port, rejectUnauthorized: false })
        : connect({ host, port, noDelay: true })
    const connection = new SmtpConnection(socket)
    try {
      expectCode(await connection.#read(), 220)
      await connection.#hello()
      if (target.tls === 'starttls') {
        expectCode(await connection.command('STARTTLS'), 220)
        connection.#secure()
        await connection.#hello()
      }
      if (target.auth !== null) {
        const { username, password } = target.auth
        const token = Buffer.from(`\0${username}\0${password}`).toString('base64')
        expectCode(await connection.command(`AUTH PLAIN ${token}`), 235)
      }
      return connection
    } catch (error) {
      connection[Symbol.dispose]()
      throw error
    }
  }

  async #hello(): Promise<void> {
    const reply = expectCode(await this.command('EHLO load.test'), 250)
    this.#pipelining = /\bPIPELINING\b/i.test(reply.text)
  }

  #attach(socket: Socket): void {
    socket.setEncoding('latin1')
    socket.setNoDelay(true)
    socket.setTimeout(60_000, () => socket.destroy(new Error('timeout')))
    socket.on('data', (chunk) => this.#data(String(chunk)))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('connection closed')))
  }

  #secure(): void {
    const plain = this.#socket
    plain.removeAllListeners('data')
    plain.setTimeout(0)
    this.#socket = tlsConnect({ socket: plain, rejectUnauthorized: false })
    this.#attach(this.#socket)
  }

  #fail(error: Error): void {
    this.#error ??= error
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#error)
  }

  #data(chunk: string): void {
    this.#heard += chunk
    let from = 0
    for (let end = this.#heard.indexOf('\n'); end >= 0; end = this.#heard.indexOf('\n', from)) {
      const line = this.#heard.slice(from, end).trimEnd()
      from = end + 1
      this.#lines.push(line)
      if (line[3] === '-') continue
      const reply = { code: Number(line.slice(0, 3)), text: this.#lines.join('\n') }
      this.#lines = []
      const waiter = this.#waiting.shift()
      if (waiter === undefined) this.#replies.push(reply)
      else waiter.resolve(reply)
    }
    this.#heard = this.#heard.slice(from)
    if (this.#heard.length > MAX_REPLY || this.#lines.length > 1000) {
      this.#socket.destroy(new Error('endless reply'))
    }
  }

  #read(): Promise<Reply> {
    const ready = this.#replies.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    if (this.#error !== null) return Promise.reject(this.#error)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  /** Sends one line and gives its reply. Rejects when the connection is gone. */
  command(line: string): Promise<Reply> {
    this.#socket.write(`${line}\r\n`, 'latin1')
    return this.#read()
  }

  /** Sends one message; `content` ends with CRLF and has no line that starts with a dot. Gives the reply that decided its fate. */
  async deliver(from: string, to: readonly string[], content: string): Promise<Reply> {
    const commands = [`MAIL FROM:<${from}>`, ...to.map((each) => `RCPT TO:<${each}>`), 'DATA']
    let refusal: Reply | null = null
    let last: Reply = { code: 0, text: '' }
    if (this.#pipelining) this.#socket.write(`${commands.join('\r\n')}\r\n`)
    for (const line of commands) {
      last = await (this.#pipelining ? this.#read() : this.command(line))
      refusal ??= last.code >= 400 ? last : null
      // After 421 the server closes (RFC 5321 §3.8): no more replies come.
      if (last.code === 421 || (refusal !== null && !this.#pipelining)) break
    }
    if (last.code !== 354) {
      if ((refusal ?? last).code !== 421) await this.command('RSET')
      return refusal ?? last
    }
    this.#socket.write(`${content}.\r\n`)
    return this.#read()
  }

  /** Says QUIT and closes; a peer that has gone already is no error. */
  async quit(): Promise<void> {
    await this.command('QUIT').catch(() => null)
    this[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

function expectCode(reply: Reply, code: number): Reply {
  if (reply.code !== code) throw new Error(`expected ${code}: ${reply.text}`)
  return reply
}
