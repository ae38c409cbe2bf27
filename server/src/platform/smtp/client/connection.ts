import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { invalidField } from '../../../kernel/faults.ts'
import { startDeadlines } from './deadlines.ts'
import type { Deadlines } from './deadlines.ts'
import { createHandshake } from './handshake.ts'
import type { Handshake, HandshakeStep } from './handshake.ts'
import { createPipeline } from './pipeline.ts'
import type { Pipeline, PipelineEnd, PipelineStage, Wire } from './pipeline.ts'
import { createReplyParser } from './reply-parser.ts'
import { startTls, tlsInfo } from './tls-upgrade.ts'
import { DEFAULT_TIMEOUTS } from './types.ts'
import type {
  SmtpCloseReason,
  SmtpConnection,
  SmtpConnectionDeps,
  SmtpConnectionState,
  SmtpOutcomeInfo,
  SmtpTimeouts,
  SmtpTlsInfo,
} from './types.ts'

const EHLO_NAME = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253})|\[[A-Za-z0-9.:]{1,64}\])$/

/**
 * A connection to one SMTP server that pulls its own work, one transaction at a time. Nothing is pulled before the connection is
 * ready, so a failed set-up costs no job: `onClosed` tells why, and whether to try again without TLS.
 *
 * Throws a `Fault` where a name or a credential could inject a command. After that nothing throws: failures are outcomes of the
 * jobs and the reason given to `onClosed`, which is called exactly once, after the last outcome. A callback that throws ends the
 * connection; the jobs it holds still get their outcomes.
 */
export function createSmtpConnection<T>(deps: SmtpConnectionDeps<T>): SmtpConnection {
  if (!EHLO_NAME.test(deps.ehloName)) throw invalidField('ehloName', 'is not a host name')
  if (deps.auth && (deps.auth.username.includes('\0') || deps.auth.password.reveal().includes('\0')))
    throw invalidField('auth', 'has a NUL in the user name or password')
  return new Connection(deps)
}

type Phase = 'new' | 'connect' | 'tls' | 'handshake' | 'ready' | 'idle' | 'quit' | 'closed'

class Connection<T> implements SmtpConnection {
  readonly #deps: SmtpConnectionDeps<T>
  readonly #timeouts: SmtpTimeouts
  readonly #parser = createReplyParser()
  readonly #handshake: Handshake
  readonly #pipeline: Pipeline
  readonly #host: string
  readonly #address: string
  #phase: Phase = 'new'
  #socket: Socket | null = null
  #deadlines: Deadlines | null = null
  #tls: SmtpTlsInfo | undefined
  #error: Error | null = null
  #held = false
  #closing = false
  #quitCause = ''

  constructor(deps: SmtpConnectionDeps<T>) {
    this.#deps = deps
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...deps.timeouts }
    const { target } = deps
    this.#host = 'path' in target ? target.path : target.host
    this.#address = 'path' in target ? target.path : target.address
    const loopback = 'path' in target || target.address === '::1' || target.address.startsWith('127.')
    this.#handshake = createHandshake({
      ehloName: deps.ehloName,
      mode: deps.tls.mode,
      auth: deps.auth,
      loopback,
    })
    const { pull, transactionOf, beforeFinalDot, onIdle, maxTransactions } = deps
    this.#pipeline = createPipeline<T>(
      {
        pull,
        transactionOf,
        beforeFinalDot,
        onIdle,
        maxTransactions,
        onOutcome: (job, outcome, durationMs) => deps.onOutcome(job, outcome, this.#info(durationMs)),
      },
      this.#wire(),
    )
  }

  get state(): SmtpConnectionState {
    if (this.#phase === 'new' || this.#phase === 'closed') return this.#phase
    if (this.#closing || this.#phase === 'quit') return 'closing'
    if (this.#phase === 'idle') return 'idle'
    return this.#phase === 'ready' ? 'busy' : 'connecting'
  }

  open(): void {
    if (this.#phase !== 'new') return
    this.#phase = 'connect'
    const { target, localAddress } = this.#deps
    const values = [...Object.values(this.#timeouts), this.#deps.idleMs]
    const tickMs = Math.min(1000, Math.max(5, Math.min(...values) / 4))
    this.#deadlines = startDeadlines(tickMs, (which) => this.#onDeadline(which))
    this.#deadlines.absolute(this.#timeouts.establishMs)
    this.#deadlines.phase(this.#timeouts.connectMs)
    let socket: Socket
    try {
      socket =
        'path' in target
          ? connect({ path: target.path })
          : connect({
              host: target.address,
              port: target.port,
              family: target.family,
              noDelay: true,
              ...(localAddress === undefined ? {} : { localAddress }),
            })
    } catch (error) {
      return this.#fail(error instanceof Error ? error.message : String(error))
    }
    this.#socket = socket
    this.#listen(socket)
    socket.on('connect', () => {
      if (this.#deps.tls.mode === 'implicit') this.#upgrade()
      else this.#expectBanner()
    })
  }

  wake(): void {
    if (this.#phase === 'idle') {
      this.#phase = 'ready'
      this.#pipeline.pump()
    } else if (this.#phase === 'ready') {
      this.#pipeline.pump()
    }
  }

  close(): void {
    if (this.#closing || this.#phase === 'closed') return
    this.#closing = true
    if (this.#phase === 'idle' || this.#phase === 'ready') {
      this.#phase = 'ready'
      this.#pipeline.stop()
    } else if (this.#phase !== 'quit') {
      this.#end({ kind: 'quit', cause: 'closed before it was ready' })
    }
  }

  destroy(cause: string): void {
    this.#end({ kind: 'quit', cause })
  }

  #info(durationMs: number): SmtpOutcomeInfo {
    const info = { durationMs, host: this.#host, address: this.#address }
    return this.#tls === undefined ? info : { ...info, tls: this.#tls }
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => this.#onBytes(chunk))
    socket.on('error', (error) => {
      this.#error ??= error
    })
    // The peer's FIN: all its replies are read, no more can come. Acting now keeps `wake()` from writing to a dead connection.
    socket.on('end', () => {
      if (socket === this.#socket) this.#onSocketClosed()
    })
    socket.on('close', () => this.#onSocketClosed())
  }

  #expectBanner(): void {
    this.#phase = 'handshake'
    this.#deadlines?.phase(this.#timeouts.bannerMs)
  }

  #upgrade(): void {
    const plain = this.#socket
    if (plain === null) return
    plain.removeAllListeners('data')
    this.#phase = 'tls'
    this.#deadlines?.phase(this.#timeouts.tlsMs)
    let secured: TLSSocket
    try {
      secured = startTls(plain, this.#host, this.#deps.tls)
    } catch (error) {
      return this.#fail(error instanceof Error ? error.message : String(error))
    }
    this.#socket = secured
    this.#listen(secured)
    secured.on('secureConnect', () => {
      this.#tls = tlsInfo(secured)
      this.#phase = 'handshake'
      if (this.#deps.tls.mode === 'implicit') this.#expectBanner()
      else this.#step(this.#handshake.onSecured())
    })
  }

  #step(step: HandshakeStep): void {
    // Nothing has been asked at this point: bytes that wait already were sent before their command, or injected (RFC 3207 §6).
    if (this.#parser.pending && step.kind !== 'failed')
      return this.#fail('the server answered more than it was asked')
    switch (step.kind) {
      case 'send': {
        const { ehloMs, authMs, tlsMs, bannerMs } = this.#timeouts
        const ms = { ehlo: ehloMs, auth: authMs, starttls: tlsMs, banner: bannerMs }[step.stage]
        this.#deadlines?.phase(ms)
        this.#socket?.write(step.line)
        return
      }
      case 'upgrade':
        return this.#upgrade()
      case 'failed': {
        const { failure } = step
        const kind = failure.reply?.code === 421 ? 'peer-closed' : 'failed'
        const reply = failure.reply === undefined ? {} : { reply: failure.reply }
        return this.#end({ kind, cause: failure.cause, ...reply }, failure)
      }
      case 'ready':
        this.#phase = 'ready'
        this.#pipeline.start(step.capabilities)
    }
  }

  #onBytes(chunk: Buffer): void {
    if (this.#phase === 'closed') return
    this.#parser.push(chunk.toString('latin1'))
    this.#readReplies()
  }

  #readReplies(): void {
    while (!this.#held && this.#phase !== 'closed') {
      const code = this.#parser.next()
      if (code === 0) return
      if (this.#phase === 'quit') return this.#end({ kind: 'quit', cause: this.#quitCause })
      if (code < 0) return this.#fail(this.#parser.error, true)
      if (this.#phase === 'handshake') this.#step(this.#handshake.onReply(code, this.#parser.raw))
      else if (this.#phase === 'ready' || this.#phase === 'idle')
        this.#pipeline.onReply(code, this.#parser.raw)
      else return this.#fail(`the server sent ${code} unasked`, true)
    }
  }

  #onSocketClosed(): void {
    if (this.#phase === 'quit') return this.#end({ kind: 'quit', cause: this.#quitCause })
    const cause = this.#error?.message ?? 'the server closed the connection'
    const stage = this.#pipeline.stage
    const calm =
      this.#phase === 'idle' || (this.#phase === 'ready' && stage === 'mail' && this.#pipeline.pulled > 1)
    this.#end({ kind: calm ? 'peer-closed' : 'failed', cause })
  }

  #onDeadline(which: 'phase' | 'absolute'): void {
    switch (this.#phase) {
      case 'new':
      case 'closed':
        return
      case 'idle':
        if (which === 'phase') this.#quit('idle')
        return
      case 'quit':
        return this.#end({ kind: 'quit', cause: this.#quitCause })
      case 'connect':
      case 'tls':
      case 'handshake':
      case 'ready':
        this.#fail(
          which === 'phase' ? `timeout (${this.#stage()})` : `too slow over all phases (${this.#stage()})`,
        )
    }
  }

  #stage(): SmtpCloseReason['stage'] {
    switch (this.#phase) {
      case 'new':
      case 'connect':
        return 'connect'
      case 'tls':
        return this.#deps.tls.mode === 'implicit' ? 'connect' : 'starttls'
      case 'handshake':
        return this.#handshake.stage
      case 'quit':
        return 'quit'
      case 'idle':
      case 'closed':
        return 'idle'
      case 'ready': {
        const { stage } = this.#pipeline
        if (stage === 'none') return 'idle'
        if (stage === 'content') return 'data'
        return stage === 'drain' ? 'dot' : stage
      }
    }
  }

  #fail(cause: string, desynchronised = false): void {
    this.#end({ kind: 'failed', cause, desynchronised })
  }

  #quit(cause: string): void {
    this.#phase = 'quit'
    this.#quitCause = cause
    this.#deadlines?.absolute(Infinity)
    this.#deadlines?.phase(this.#timeouts.quitMs)
    this.#socket?.write('QUIT\r\n')
  }

  #end(end: PipelineEnd, setup?: { temporary: boolean; tlsFailed: boolean }): void {
    if (this.#phase === 'closed') return
    const stage = this.#stage()
    // A handshake that was ended by us says nothing about the peer's TLS.
    const tlsFailed = setup?.tlsFailed ?? (this.#phase === 'tls' && end.kind === 'failed')
    this.#phase = 'closed'
    this.#deadlines?.stop()
    this.#socket?.destroy()
    this.#pipeline.abort(end)
    this.#deps.onClosed({
      kind: end.kind,
      stage,
      cause: end.cause,
      temporary: setup?.temporary ?? true,
      tlsFailed,
      ...(end.reply === undefined ? {} : { reply: end.reply }),
      transactions: this.#pipeline.pulled,
    })
  }

  #phaseMs(stage: PipelineStage | 'block'): number {
    const t = this.#timeouts
    switch (stage) {
      case 'none':
      case 'rset':
      case 'mail':
        return t.mailMs
      case 'rcpt':
        return t.rcptMs
      case 'data':
        return t.dataMs
      case 'content':
      case 'block':
        return t.blockMs
      case 'dot':
      case 'drain':
        return t.dotMs
    }
  }

  #wire(): Wire {
    const parser = this.#parser
    return {
      write: (text) => {
        this.#socket?.write(text)
      },
      writeAll: (parts, tail, flushed) => {
        const socket = this.#socket
        if (socket === null) return
        socket.cork()
        const last = parts.length - 1
        for (let i = 0; i <= last; i++) {
          const part = parts[i]
          if (part === undefined) continue
          if (i === last) socket.write(part, flushed)
          else socket.write(part)
        }
        if (tail !== '') socket.write(tail)
        socket.uncork()
      },
      phase: (stage) => this.#deadlines?.phase(this.#phaseMs(stage)),
      transactionBegan: () => this.#deadlines?.absolute(this.#timeouts.transactionMs),
      get pending() {
        return parser.pending
      },
      hold: () => {
        this.#held = true
        this.#socket?.pause()
      },
      release: () => {
        this.#held = false
        this.#socket?.resume()
        this.#readReplies()
      },
      idle: () => {
        this.#phase = 'idle'
        this.#deadlines?.absolute(Infinity)
        this.#deadlines?.phase(this.#deps.idleMs)
        this.#deps.onIdle()
      },
      finish: (cause) => this.#quit(cause),
      end: (end) => this.#end(end),
    }
  }
}
