import { generateKeyPairSync, sign } from 'node:crypto'
import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { createSmtpServer } from './server.ts'
import { DEFAULT_SMTP_LIMITS } from './types.ts'
import type {
  SmtpHandler,
  SmtpListener,
  SmtpMessage,
  SmtpServer,
  SmtpServerLimits,
  SmtpServerOptions,
} from './types.ts'

export interface Certificate {
  readonly key: string
  readonly cert: string
}

const ECDSA_WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex')
const COMMON_NAME = Buffer.from('0603550403', 'hex')

/** A self-signed X.509 v1 certificate (RFC 5280 §4.1), valid for a day. */
export function selfSigned(name = 'localhost'): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(0x30, ECDSA_WITH_SHA256)
  const subject = der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(name)))))
  const time = (ms: number): Buffer =>
    der(0x17, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))
  const body = der(
    0x30,
    der(0x02, Buffer.from([1])),
    algorithm,
    subject,
    der(0x30, time(Date.now() - 60_000), time(Date.now() + 86_400_000)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)])
  const certificate = der(0x30, body, algorithm, der(0x03, signature)).toString('base64')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`,
  }
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

export const OPEN: SmtpListener = { name: 'inbound', tls: 'none', requireTls: false, requireAuth: false }
export const CAPTURE: SmtpListener = { name: 'capture', tls: 'none', requireTls: false, requireAuth: true }
export const SUBMISSION: SmtpListener = {
  name: 'submission',
  tls: 'starttls',
  requireTls: true,
  requireAuth: true,
}
export const SUBMISSIONS: SmtpListener = {
  name: 'submissions',
  tls: 'implicit',
  requireTls: true,
  requireAuth: true,
}

export interface Running extends AsyncDisposable {
  readonly server: SmtpServer<string>
  readonly port: number
  readonly messages: SmtpMessage[]
  /** Everything that was logged, as JSON. */
  readonly logged: string[]
}

export interface Setup {
  readonly listener?: SmtpListener
  readonly limits?: Partial<SmtpServerLimits>
  readonly handler?: Partial<SmtpHandler<string>>
  readonly secureContext?: SmtpServerOptions<string>['secureContext']
  readonly extensions?: SmtpServerOptions<string>['extensions']
}

/** A server on an ephemeral port whose handler accepts everything, and `ann` with the password `secret`. */
export async function startServer(setup: Setup = {}): Promise<Running> {
  const messages: SmtpMessage[] = []
  const logged: string[] = []
  const record = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    logged.push(JSON.stringify({ ...fields, message }))
  }
  const server = createSmtpServer<string>({
    listeners: [setup.listener ?? OPEN],
    hostname: 'mx.example.test',
    secureContext: setup.secureContext ?? (() => ({})),
    limits: { ...DEFAULT_SMTP_LIMITS, ...setup.limits },
    extensions: setup.extensions ?? { smtputf8: true },
    handler: {
      async authenticate(_peer, { username, password }) {
        return username === 'ann' && password.reveal() === 'secret'
          ? { ok: true, session: username }
          : { ok: false, reply: { code: 535, enhanced: '5.7.8', text: 'Authentication credentials invalid' } }
      },
      async mail() {},
      async recipient() {},
      async message(_peer, _session, message) {
        messages.push(message)
        return { code: 250, enhanced: '2.0.0', text: 'Queued' }
      },
      ...setup.handler,
    },
    log: { debug: record, info: record, warn: record, error: record },
  })
  const [address] = await server.listen()
  return {
    server,
    port: address?.port ?? 0,
    messages,
    logged,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** A client that sends exact bytes and keeps everything it received. */
export class RawClient {
  socket: Socket
  received = ''
  #ended = false
  #wake: (() => void)[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    this.#watch(socket)
  }

  static async plain(port: number, localAddress = '127.0.0.1'): Promise<RawClient> {
    const socket = connectPlain({ port, host: '127.0.0.1', localAddress, noDelay: true })
    const client = new RawClient(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve())
      socket.once('error', reject)
    })
    return client
  }

  static async tls(port: number): Promise<RawClient> {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    const client = new RawClient(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', () => resolve())
      socket.once('error', reject)
    })
    return client
  }

  /** Puts TLS on the open connection. */
  async upgrade(): Promise<void> {
    const plain = this.socket
    plain.removeAllListeners('data')
    const secured = connectTls({ socket: plain, rejectUnauthorized: false })
    this.socket = secured
    this.#watch(secured)
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', () => resolve())
      secured.once('error', reject)
    })
  }

  write(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'))
  }

  /** Sends, and gives the whole reply that follows (all lines of a multi-line one). */
  async ask(text: string): Promise<string> {
    const from = this.received.length
    this.write(text)
    return this.reply(from)
  }

  /** The first complete reply after `from`. */
  async reply(from = 0): Promise<string> {
    const match = await this.until(/^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/, from)
    return match[0]
  }

  async until(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.received.slice(from))
      if (match !== null) return match
      if (this.#ended) throw new Error(`closed; received ${JSON.stringify(this.received)}`)
      await this.#next()
    }
  }

  /** Everything received until the connection ended. */
  async end(): Promise<string> {
    while (!this.#ended) await this.#next()
    return this.received
  }

  close(): void {
    this.socket.destroy()
  }

  async #next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake.push(resolve)
    })
  }

  #watch(socket: Socket): void {
    const wake = (): void => {
      const waiting = this.#wake
      this.#wake = []
      for (const resolve of waiting) resolve()
    }
    const end = (): void => {
      this.#ended = true
      wake()
    }
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1')
      wake()
    })
    socket.on('end', end)
    socket.on('close', end)
    socket.on('error', end)
  }
}

/** Polls a condition until it holds, at most five seconds. */
export async function eventually(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in 5 s')
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}
