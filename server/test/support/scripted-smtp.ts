import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TLSSocketOptions } from 'node:tls'

/** One connection of a client under test, driven by a script that decides on every byte. */
export class ScriptedPeer {
  socket: Socket
  /** Everything the client sent, as latin1 text. */
  received = ''
  /** Each arrival of bytes on its own: what came in one packet. */
  readonly arrivals: string[] = []
  ended = false
  #position = 0
  #wake: (() => void) | null = null

  constructor(socket: Socket) {
    this.socket = socket
    this.#listen(socket)
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1')
      this.received += text
      this.arrivals.push(text)
      this.#wake?.()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.ended = true
      this.#wake?.()
    })
  }

  send(text: string): void {
    if (this.socket.writable) this.socket.write(text, 'latin1')
  }

  /** Reads up to and including `marker`; rejects where the client ends first. */
  async until(marker: string): Promise<string> {
    for (;;) {
      const at = this.received.indexOf(marker, this.#position)
      if (at >= 0) {
        const text = this.received.slice(this.#position, at + marker.length)
        this.#position = at + marker.length
        return text
      }
      if (this.ended) throw new Error(`the client ended before ${JSON.stringify(marker)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  line(): Promise<string> {
    return this.until('\r\n')
  }

  /** Bytes that were sent but not read by the script yet. */
  get unread(): string {
    return this.received.slice(this.#position)
  }

  /** Banner and EHLO with these extensions. */
  async greet(...extensions: string[]): Promise<void> {
    this.send('220 sink.test ESMTP\r\n')
    await this.ehlo(...extensions)
  }

  async ehlo(...extensions: string[]): Promise<void> {
    await this.line()
    this.send(
      ['sink.test', ...extensions]
        .map((text, i, all) => `250${i === all.length - 1 ? ' ' : '-'}${text}\r\n`)
        .join(''),
    )
  }

  /** MAIL, RCPT and DATA are accepted, the content is read. */
  async acceptContent(): Promise<string> {
    await this.line()
    this.send('250 2.1.0 Ok\r\n')
    await this.line()
    this.send('250 2.1.5 Ok\r\n')
    await this.line()
    this.send('354 go\r\n')
    return this.until('\r\n.\r\n')
  }

  async closed(): Promise<void> {
    const { socket } = this
    if (socket.closed) return
    await new Promise((resolve) => {
      socket.once('close', resolve)
    })
  }

  /** Ends with a TCP reset. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  /** Serves TLS on the same connection from now on. */
  async secure(options: TLSSocketOptions): Promise<void> {
    this.socket.removeAllListeners('data')
    const secured = new TLSSocket(this.socket, { ...options, isServer: true })
    this.socket = secured
    this.#listen(secured)
    await once(secured, 'secure')
  }
}

export interface ScriptedServer {
  readonly port: number
  readonly peers: ScriptedPeer[]
  /** Scripts that threw, apart from the client ending early. */
  readonly errors: unknown[]
  close(): Promise<void>
}

/** A server on loopback, on an ephemeral port where none is given; every connection runs `script` with its number. */
export async function scriptedSmtp(
  script: (peer: ScriptedPeer, index: number) => Promise<void>,
  at: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 },
): Promise<ScriptedServer> {
  const peers: ScriptedPeer[] = []
  const errors: unknown[] = []
  const server = createServer((socket) => {
    const peer = new ScriptedPeer(socket)
    peers.push(peer)
    script(peer, peers.length - 1).catch((error: unknown) => {
      if (!peer.ended) errors.push(error)
    })
  })
  server.listen(at.port, at.host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    peers,
    errors,
    async close() {
      for (const peer of peers) peer.socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
