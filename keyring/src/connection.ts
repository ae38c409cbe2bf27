import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { ACCESS, isOperation } from './access.ts'
import type { Operation, ProcessKind } from './access.ts'
import type { Admission } from './admission.ts'
import { encodeFrame, FrameReader, ProtocolError } from './frames.ts'
import type { Frame } from './frames.ts'
import { describeError } from './log.ts'
import type { Log } from './log.ts'
import type { Handlers } from './operations.ts'
import { Refusal } from './refusal.ts'

const HELLO_TIMEOUT_MS = 5000
/** Requests of one connection that may be under way; then it is read no further until one is answered. */
const MAX_IN_FLIGHT = 256
const MAX_UNSENT_BYTES = 4 * 1024 * 1024

/** Tokens are kept and compared as hashes: a look-up by hash tells nothing about a token by its timing. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}

/**
 * One asking process. The first frame names its token; then each frame is a request, answered when it is ready and not in order.
 * What is malformed, unknown or not allowed is answered with the reason and ends the connection: a well-behaved client never sends it.
 */
export function serveConnection(
  socket: Socket,
  deps: {
    clients: ReadonlyMap<string, ProcessKind>
    admission: Admission
    handlers: Handlers
    log: Log
    /** A known process asked for what it may not have: something that never happens by itself. */
    onForbidden: (process: ProcessKind, operation: Operation) => void
  },
): void {
  const reader = new FrameReader()
  let kind: ProcessKind | undefined
  let inFlight = 0
  let closing = false

  deps.admission.arrive(socket)
  const helloTimer = setTimeout(() => refuseAndClose(0, 'The connection said no hello'), HELLO_TIMEOUT_MS)

  function send(frame: Buffer): void {
    if (socket.writable) socket.write(frame)
  }

  function refuseAndClose(id: number, message: string, code: 'invalid' | 'refused' = 'refused'): void {
    if (closing) return
    closing = true
    clearTimeout(helloTimer)
    deps.log('warn', 'A connection was refused', { process: kind ?? 'unknown', reason: message })
    send(encodeFrame(id, { ok: false, code, message }))
    // The peer gets a moment to read why; one that does not take the answer is cut off.
    socket.end()
    setTimeout(() => socket.destroy(), 1000).unref()
  }

  function greet(frame: Frame): void {
    const token = frame.body['token']
    const known = typeof token === 'string' ? deps.clients.get(hashToken(token)) : undefined
    if (frame.id !== 0 || known === undefined) {
      refuseAndClose(0, 'The token is not known')
      return
    }
    if (!deps.admission.admit(socket, known)) {
      // Without a word: a client takes a refusal for final, and this one may come again.
      deps.log('warn', 'There are too many connections of a kind of process', { process: known })
      closing = true
      clearTimeout(helloTimer)
      socket.destroy()
      return
    }
    clearTimeout(helloTimer)
    kind = known
    send(encodeFrame(0, { ok: true, process: known }))
  }

  function accept(frame: Frame): void {
    if (kind === undefined) {
      greet(frame)
      return
    }
    const operation = frame.body['op']
    if (!isOperation(operation)) {
      refuseAndClose(frame.id, 'The operation is not known', 'invalid')
      return
    }
    if (ACCESS[kind][operation] === 'refused') {
      deps.onForbidden(kind, operation)
      refuseAndClose(frame.id, `A process of kind ${kind} may not ask for ${operation}`)
      return
    }
    inFlight += 1
    const request = { process: kind, body: frame.body, attachments: frame.attachments }
    void answer(frame.id, operation, () => deps.handlers[operation](request))
  }

  async function answer(
    id: number,
    operation: string,
    work: () => ReturnType<Handlers[keyof Handlers]>,
  ): Promise<void> {
    try {
      const reply = await work()
      send(encodeFrame(id, { ok: true, ...reply.result }, reply.attachments))
    } catch (error) {
      if (error instanceof Refusal) {
        const { code, message, details } = error
        send(encodeFrame(id, { ok: false, code, message, ...(details === undefined ? {} : { details }) }))
      } else {
        deps.log('error', 'A request failed', { operation, error: describeError(error) })
        send(
          encodeFrame(id, { ok: false, code: 'unavailable', message: 'The keyring failed at this request' }),
        )
      }
    }
    inFlight -= 1
    resumeWhenLight()
  }

  function resumeWhenLight(): void {
    if (
      !closing &&
      socket.isPaused() &&
      inFlight < MAX_IN_FLIGHT &&
      socket.writableLength < MAX_UNSENT_BYTES
    ) {
      socket.resume()
    }
  }

  socket.on('data', (chunk: Buffer) => {
    if (closing) return
    try {
      for (const frame of reader.push(chunk)) {
        accept(frame)
        if (closing) return
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      refuseAndClose(0, error.message, 'invalid')
      return
    }
    if (inFlight >= MAX_IN_FLIGHT || socket.writableLength >= MAX_UNSENT_BYTES) socket.pause()
  })
  socket.on('drain', resumeWhenLight)
  socket.on('error', (error) => deps.log('info', 'A connection broke', { error: describeError(error) }))
  socket.on('close', () => {
    closing = true
    clearTimeout(helloTimer)
  })
}
