import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { UDP_BYTES_MAX, WireError } from './wire.ts'
import type { WireAnswer } from './wire.ts'

/** One way to put the question: its bytes, and how its answer is read. `read` throws WireError for what is no answer to it. */
export interface Put {
  readonly bytes: Buffer
  readonly read: (message: Buffer) => WireAnswer
}

export interface AskFailure {
  readonly kind: 'failed'
  /** As c-ares names it: ETIMEOUT, ECONNREFUSED, ECANCELLED, EBADRESP. */
  readonly code: string
}
export type Asked =
  | { readonly kind: 'answer'; readonly answer: WireAnswer; readonly message: Buffer }
  | AskFailure

export interface Ask {
  readonly server: { readonly host: string; readonly port: number }
  readonly timeoutMs: number
  readonly tries: number
  readonly signal: AbortSignal
  /** A fresh form for each try. */
  readonly question: () => Put
}

const STRAY_DATAGRAMS_MAX = 32

/**
 * Asks one server: over UDP, a new socket and id for each try, and over TCP where the answer was truncated (RFC 7766). Datagrams that do
 * not answer the question are left aside, as RFC 5452 §9.1 wants. Never throws.
 */
export async function askServer(ask: Ask): Promise<Asked> {
  const endMs = performance.now() + ask.timeoutMs
  let last: AskFailure = { kind: 'failed', code: 'ETIMEOUT' }
  for (let left = ask.tries; left > 0; left--) {
    const remainingMs = endMs - performance.now()
    if (remainingMs <= 0) break
    // The first tries are short: a datagram gets lost. The last may take what is left: the resolver may be at work.
    const asked = await overUdp(ask, left === 1 ? remainingMs : remainingMs / (left + 1))
    if (asked.kind === 'answer' && asked.answer.truncated)
      return overTcp(ask, Math.max(1, endMs - performance.now()))
    if (asked.kind === 'answer' || asked.code === 'ECANCELLED') return asked
    last = asked
  }
  return last
}

function overUdp(ask: Ask, timeoutMs: number): Promise<Asked> {
  const put = ask.question()
  return settled(ask.signal, timeoutMs, (done) => {
    const socket = createSocket(isIPv6(ask.server.host) ? 'udp6' : 'udp4')
    let strays = 0
    socket.on('error', (error) => done(failure(error)))
    socket.on('message', (message) => {
      if (message.length > UDP_BYTES_MAX * 4) return
      const answer = reading(put, message)
      if (answer !== null) done({ kind: 'answer', answer, message })
      else if (++strays > STRAY_DATAGRAMS_MAX) done({ kind: 'failed', code: 'EBADRESP' })
    })
    // A connected socket hears only from the address that it asked.
    socket.connect(ask.server.port, ask.server.host, (error?: Error) => {
      if (error) done(failure(error))
      else socket.send(put.bytes)
    })
    return () => socket.close()
  })
}

function overTcp(ask: Ask, timeoutMs: number): Promise<Asked> {
  const put = ask.question()
  return settled(ask.signal, timeoutMs, (done) => {
    const socket = connect({ host: ask.server.host, port: ask.server.port })
    const chunks: Buffer[] = []
    let bytes = 0
    socket.on('error', (error) => done(failure(error)))
    socket.on('close', () => done({ kind: 'failed', code: 'EBADRESP' }))
    socket.on('connect', () => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(put.bytes.length)
      socket.write(Buffer.concat([length, put.bytes]))
    })
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes < 2) return
      const all = Buffer.concat(chunks)
      const length = all.readUInt16BE(0)
      if (bytes < 2 + length) return
      const message = all.subarray(2, 2 + length)
      const answer = reading(put, message)
      done(
        answer === null || answer.truncated
          ? { kind: 'failed', code: 'EBADRESP' }
          : { kind: 'answer', answer, message },
      )
    })
    return () => socket.destroy()
  })
}

function reading(put: Put, message: Buffer): WireAnswer | null {
  try {
    return put.read(message)
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

/** The first result, a timeout or the signal; the socket is closed in every case. */
function settled(
  signal: AbortSignal,
  timeoutMs: number,
  start: (done: (asked: Asked) => void) => () => void,
): Promise<Asked> {
  return new Promise((resolve) => {
    let isDone = false
    const done = (asked: Asked): void => {
      if (isDone) return
      isDone = true
      clearTimeout(timer)
      signal.removeEventListener('abort', cancel)
      queueMicrotask(close)
      resolve(asked)
    }
    const cancel = (): void => done({ kind: 'failed', code: 'ECANCELLED' })
    const timer = setTimeout(() => done({ kind: 'failed', code: 'ETIMEOUT' }), timeoutMs)
    const close = start(done)
    signal.addEventListener('abort', cancel, { once: true })
    if (signal.aborted) cancel()
  })
}

function failure(error: Error): AskFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'ECONNREFUSED'
  return { kind: 'failed', code }
}
