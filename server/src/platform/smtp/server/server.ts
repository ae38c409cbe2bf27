import { createAdmission, createBufferShares, plainAddress } from './admission.ts'
import { openListener } from './listener.ts'
import type { OpenListener } from './listener.ts'
import { formatReply, reply } from './reply.ts'
import { REPLIES } from './replies.ts'
import { SmtpSession } from './session.ts'
import type { SessionContext } from './session.ts'
import { createTlsContexts } from './tls-contexts.ts'
import type { Socket } from 'node:net'
import type { SmtpListener, SmtpPeer, SmtpServer, SmtpServerOptions } from './types.ts'

const DEFAULT_BUFFERED_BYTES = 268_435_456
const LONGEST_SWEEP_MS = 1_000
const SHORTEST_SWEEP_MS = 10

/**
 * A receiving SMTP server (RFC 5321, 6409, 8314, 3207, 4954, 1870, 2920, 2034, 6152, 6531). It speaks the protocol and nothing else:
 * every decision is the handler's, and 250 after DATA is said only when the handler's promise said so.
 */
export function createSmtpServer<Session>(options: SmtpServerOptions<Session>): SmtpServer<Session> {
  const { limits, extensions, log, metrics } = options
  const admission = createAdmission(limits)
  const sessions = new Set<SmtpSession<Session>>()
  const bufferLimit = limits.bufferedBytes ?? DEFAULT_BUFFERED_BYTES
  const buffers = createBufferShares(bufferLimit, limits.bufferedBytesPerAddress ?? bufferLimit)
  let nextConnection = 1
  let open: readonly OpenListener[] = []
  let sweeper: NodeJS.Timeout | null = null
  let closing: Promise<void> | null = null
  let onEmpty: (() => void) | null = null

  const context: SessionContext<Session> = {
    options: metrics === undefined ? options : { ...options, handler: metrics.handler(options.handler) },
    mailRules: {
      messageBytes: limits.messageBytes,
      smtputf8: extensions.smtputf8,
      dsn: extensions.dsn === true,
      requireTls: extensions.requireTls === true,
      extra: new Set((extensions.extraMailParameters ?? []).map((name) => name.toUpperCase())),
    },
    secureContext: createTlsContexts(() => options.secureContext()),
    reserve: buffers.reserve,
    release: buffers.release,
    onEnd(session) {
      if (!sessions.delete(session)) return
      admission.leave(session.peer.address)
      metrics?.closed(session.peer.listener)
      if (sessions.size === 0) onEmpty?.()
    },
  }

  function accept(socket: Socket, listener: SmtpListener): void {
    const address = socket.remoteAddress === undefined ? null : plainAddress(socket.remoteAddress)
    // A TCP peer that is gone already has no address; it must not pass as a UNIX socket.
    const vanished = address === null && listener.path === undefined
    if (vanished || closing !== null) {
      socket.destroy()
      return
    }
    if (!admission.enter(address)) {
      metrics?.refused(listener.name)
      log.debug({ listener: listener.name }, 'smtp connection limit reached')
      turnAway(socket, listener)
      return
    }
    const peer: SmtpPeer = {
      connection: nextConnection++,
      listener: listener.name,
      address,
      port: socket.remotePort ?? null,
      tls: null,
      helo: null,
      esmtp: false,
    }
    const session = new SmtpSession(context, socket, listener, peer)
    if (socket.destroyed) admission.leave(address)
    else {
      sessions.add(session)
      metrics?.opened(listener.name)
    }
  }

  async function shutDown(graceMs: number): Promise<void> {
    const stopped = open.map((listener) => listener.stop())
    if (sessions.size > 0) {
      const empty = new Promise<void>((resolve) => {
        onEmpty = resolve
      })
      for (const session of sessions) session.drain()
      const grace = Promise.withResolvers<void>()
      const timer = setTimeout(grace.resolve, graceMs)
      await Promise.race([empty, grace.promise])
      clearTimeout(timer)
      for (const session of sessions) session.abort()
    }
    if (sweeper !== null) clearInterval(sweeper)
    await Promise.all(stopped)
  }

  const server: SmtpServer<Session> = {
    async listen() {
      const opening = await Promise.allSettled(
        options.listeners.map((listener) =>
          openListener(listener, (socket) => accept(socket, listener), log),
        ),
      )
      open = opening.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const failed = opening.find((result) => result.status === 'rejected')
      if (failed !== undefined) {
        await server.close({ graceMs: 0 })
        throw failed.reason
      }
      const sweepMs = Math.min(limits.commandTimeoutMs, limits.dataTimeoutMs, limits.sessionMs) / 4
      sweeper = setInterval(
        () => {
          const now = performance.now()
          for (const session of sessions) session.sweep(now)
        },
        Math.max(SHORTEST_SWEEP_MS, Math.min(LONGEST_SWEEP_MS, sweepMs)),
      )
      sweeper.unref()
      return open.map((listener) => listener.address)
    },
    close({ graceMs }) {
      closing ??= shutDown(graceMs)
      return closing
    },
    connections: () => sessions.size,
    closeSessions(predicate, because) {
      const farewell = because === undefined ? REPLIES.revoked : reply(421, '4.7.0', because)
      let count = 0
      for (const session of sessions) if (session.revoke(predicate, farewell)) count += 1
      return count
    },
    async [Symbol.asyncDispose]() {
      await server.close({ graceMs: 0 })
    },
  }
  return server
}

/** 421 and away. Under implicit TLS a text would cost a handshake, so the connection is only closed. */
function turnAway(socket: Socket, listener: SmtpListener): void {
  socket.on('error', () => socket.destroy())
  if (listener.tls === 'implicit') socket.destroy()
  else socket.end(formatReply(REPLIES.tooManyConnections), 'latin1', () => socket.destroy())
}
