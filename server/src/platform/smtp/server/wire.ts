import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { LineBuffer } from './line-buffer.ts'

export interface WireOwner {
  /** Input arrived, the peer ended its side, or the peer has read enough to go on. */
  onInput(): void
  onSecure(tls: { readonly protocol: string; readonly cipher: string }): void
  onClose(): void
}

/**
 * The socket under a session. Replies are collected and written together (RFC 2920 §3.2); input that is not wanted now stays in
 * the kernel; TLS can be put under the session once; the end is a lingering one, so that the last reply is not lost to a reset.
 */
export class Wire {
  readonly #owner: WireOwner
  #socket: Socket
  #lines = new LineBuffer()
  #out = ''
  #flushIsPlanned = false
  #paused = false
  #congested = false
  #peerEnded = false
  #handshaken = false
  #finished = false

  constructor(socket: Socket, owner: WireOwner) {
    this.#socket = socket
    this.#owner = owner
    socket.setNoDelay(true)
    socket.on('error', ignore)
    socket.on('close', () => {
      if (this.#socket === socket) this.#gone()
    })
  }

  get lines(): LineBuffer {
    return this.#lines
  }

  /** The peer does not read its replies: nothing more is read from it. */
  get congested(): boolean {
    return this.#congested
  }

  get peerEnded(): boolean {
    return this.#peerEnded
  }

  /** Begins to read clear text. */
  open(): void {
    this.#read(this.#socket)
  }

  /** Puts TLS under the session. What was read before is gone (RFC 3207 §4.2), what follows is the handshake. */
  secure(secureContext: SecureContext): void {
    this.#flush()
    this.#lines = new LineBuffer()
    const secured = new TLSSocket(this.#socket, { isServer: true, secureContext })
    this.#socket = secured
    this.#paused = false
    this.#congested = false
    secured.on('error', ignore)
    secured.on('close', () => this.#gone())
    // A half-open connection is for peers that still wait for an answer; during the handshake it only leaks.
    secured.once('end', () => {
      if (!this.#handshaken) secured.destroy()
    })
    // Node has no documented event for this side of a wrapped socket; 'secure' follows the handshake.
    secured.once('secure', () => {
      if (secured.destroyed) return
      this.#handshaken = true
      secured.disableRenegotiation()
      this.#read(secured)
      this.#owner.onSecure({
        protocol: secured.getProtocol() ?? 'unknown',
        cipher: secured.getCipher().standardName,
      })
    })
  }

  /** Octets that were read or wait in the stream, and were not consumed. */
  get hasUnread(): boolean {
    return this.#lines.length > 0 || this.#socket.readableLength > 0
  }

  send(text: string): void {
    this.#out += text
  }

  flush(): void {
    this.#flush()
  }

  /** Writes soon: an answer that is about to come may still join. */
  flushSoon(): void {
    if (this.#flushIsPlanned || this.#out === '') return
    this.#flushIsPlanned = true
    setImmediate(() => {
      this.#flushIsPlanned = false
      this.#flush()
    })
  }

  hold(): void {
    if (this.#paused || this.#finished) return
    this.#paused = true
    this.#socket.pause()
  }

  release(): void {
    if (!this.#paused || this.#finished) return
    this.#paused = false
    this.#socket.resume()
  }

  /** Writes what is left, ends our side and throws further input away until the peer ends too or `destroy` is called. */
  finish(): void {
    if (this.#finished) return
    this.#flush()
    this.#finished = true
    this.#lines = new LineBuffer()
    this.#socket.end()
    this.#socket.resume()
  }

  destroy(): void {
    this.#finished = true
    this.#socket.destroy()
  }

  #read(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      if (this.#finished || this.#socket !== socket) return
      this.#lines.push(chunk)
      this.#owner.onInput()
    })
    socket.on('end', () => {
      if (this.#socket !== socket) return
      this.#peerEnded = true
      this.#owner.onInput()
    })
    socket.on('drain', () => {
      if (this.#socket !== socket) return
      this.#congested = false
      this.#owner.onInput()
    })
  }

  #gone(): void {
    this.#finished = true
    this.#owner.onClose()
  }

  #flush(): void {
    if (this.#out === '' || this.#finished) return
    const text = this.#out
    this.#out = ''
    if (!this.#socket.write(text, 'latin1')) this.#congested = true
  }
}

/** `close` follows every error; a peer's reset is not news. */
function ignore(): void {}
