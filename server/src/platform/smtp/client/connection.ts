import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { invalidField } from '../../../kernel/faults.ts'
import { startDeadlines } from './deadlines.ts'
import type { Deadlines } from './deadlines.ts'
import { createHandshake } from './handshake.ts'
import type { Handshake, HandshakeFailure, HandshakeStep } from './handshake.ts'
import { createPipeline } from './pipeline.ts'
import type { Pipeline } from './pipeline.ts'
import { createReplyParser } from './reply-parser.ts'
import { inspectPeer, startTls } from './tls-upgrade.ts'
import { createTranscript, withoutSecret } from './transcript.ts'
import type { Transcript, TranscriptLines } from './transcript.ts'
import { DEFAULT_TIMEOUTS } from './types.ts'
import type {
  SmtpCloseReason,
  SmtpConnection,
  SmtpConnectionDeps,
  SmtpConnectionState,
  SmtpOutcomeInfo,
  SmtpTimeouts,
  TlsFailureType,
} from './types.ts'
import { phaseMs } from './wire.ts'
import type { PipelineEnd, Wire } from './wire.ts'

const EHLO_NAME = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253})|\[[A-Za-z0-9.:]{1,64}\])$/

/**
 * A connection to one SMTP server that pulls its own work, one transaction at a time. Nothing is pulled before the connection is
 * ready, so a failed set-up costs no job: `onClosed` tells why, and whether to try again without TLS.
 *
 * Throws a `Fault` where a name or a credential could inject a command, and for a local address that is no IP address. After that nothing throws: failures are outcomes of the
 * jobs and the reason given to `onClosed`, which is called exactly once, after the last outcome. A callback that throws ends the
 * connection; the jobs it holds still get their outcomes.
 */
export function createSmtpConnection<T>(deps: SmtpConnectionDeps<T>): SmtpConnection {
  if (!EHLO_NAME.test(deps.ehloName)) throw invalidField('ehloName', 'is not a host name')
  if (deps.auth && (deps.auth.username.includes('\0') || deps.auth.password.reveal().includes('\0')))
    throw invalidField('auth', 'has a NUL in the user name or password')
  if (deps.localAddress !== undefined && isIP(deps.localAddress) === 0)
    throw invalidField('localAddress', 'is not an IP address')
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
  readonly #transcript: Transcript | null
  /** What is the same in every outcome's info. */
  #facts: Omit<SmtpOutcomeInfo, 'durationMs' | 'transcript'>
  #tlsFailure: TlsFailureType | undefined
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
    this.#transcript = deps.transcript === true ? createTranscript() : null
    this.#facts = { host: this.#host, address: this.#address, dsn: false }
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
        onOutcome: (job, outcomes, durationMs, lines) =>
          deps.onOutcome(job, outcomes, this.#info(durationMs, lines)),
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
      this.#transcript?.note(`connected to ${this.#address}`)
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

  #info(durationMs: number, lines: TranscriptLines | null): SmtpOutcomeInfo {
    if (this.#transcript === null) return { ...this.#facts, durationMs }
    return { ...this.#facts, durationMs, transcript: this.#transcript.of(lines) }
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
    const options = this.#deps.tls
    if (plain === null || options.mode === 'none') return
    plain.removeAllListeners('data')
    this.#phase = 'tls'
    this.#deadlines?.phase(this.#timeouts.tlsMs)
    let secured: TLSSocket
    try {
      secured = startTls(plain, this.#host, options)
    } catch (error) {
      return this.#fail(error instanceof Error ? error.message : String(error))
    }
    this.#socket = secured
    this.#listen(secured)
    secured.on('secureConnect', () => {
      if (this.#phase !== 'tls') return
      const inspection = inspectPeer(secured, options)
      if (inspection.kind === 'refused') {
        this.#tlsFailure = inspection.tlsFailure
        return this.#fail(inspection.cause)
      }
      const { tls, tlsFailure } = inspection
      this.#facts = { ...this.#facts, tls, ...(tlsFailure === undefined ? {} : { tlsFailure }) }
      this.#transcript?.note(`TLS: ${tls.protocol} ${tls.cipher}, peer proved by: ${tls.authenticated}`)
      this.#phase = 'handshake'
      if (options.mode === 'implicit') this.#expectBanner()
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
        this.#transcript?.client(null, step.stage === 'auth' ? withoutSecret(step.line) : step.line)
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
      case 'ready': {
        const { capabilities } = step
        const { tls } = this.#facts
        this.#facts = { ...this.#facts, dsn: capabilities.keywords.has('DSN') }
        if (tls === undefined && this.#deps.tls.mode === 'opportunistic')
          this.#facts = { ...this.#facts, tlsFailure: 'starttls-not-supported' }
        this.#transcript?.ready()
        this.#phase = 'ready'
        const authenticated = tls !== undefined && tls.authenticated !== 'none'
        this.#pipeline.start({ capabilities, authenticated })
      }
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
      if (this.#phase === 'handshake') this.#onSetupReply(code)
      else if (this.#phase === 'ready' || this.#phase === 'idle')
        this.#pipeline.onReply(code, this.#parser.raw)
      else return this.#fail(`the server sent ${code} unasked`, true)
    }
  }

  #onSetupReply(code: number): void {
    const { raw } = this.#parser
    // What a server says to a credential may repeat it.
    this.#transcript?.server(null, this.#handshake.stage === 'auth' ? raw.slice(0, 3) : raw)
    this.#step(this.#handshake.onReply(code, raw))
  }

  #onSocketClosed(): void {
    if (this.#phase === 'quit') return this.#end({ kind: 'quit', cause: this.#quitCause })
    const cause = this.#error?.message ?? 'the server closed the connection'
    const { stage, reused } = this.#pipeline
    const calm =
      this.#phase === 'idle' || (this.#phase === 'ready' && (stage === 'mail' || stage === 'rset') && reused)
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
        this.#end({
          kind: 'failed',
          cause:
            which === 'phase' ? `timeout (${this.#stage()})` : `too slow over all phases (${this.#stage()})`,
          timedOut: true,
        })
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
    this.#transcript?.client(null, 'QUIT')
    this.#socket?.write('QUIT\r\n')
  }

  #end(end: PipelineEnd, setup?: HandshakeFailure): void {
    if (this.#phase === 'closed') return
    const stage = setup?.stage ?? this.#stage()
    // A handshake that was ended by us says nothing about the peer's TLS.
    const tlsFailed = setup?.tlsFailed ?? (this.#phase === 'tls' && end.kind === 'failed')
    this.#phase = 'closed'
    this.#deadlines?.stop()
    this.#socket?.destroy()
    this.#transcript?.note(`ended: ${end.cause}`)
    this.#pipeline.abort(end)
    // A set-up that fails for TLS does so before the handshake, for want of STARTTLS.
    const tlsFailure =
      this.#tlsFailure ?? (setup === undefined ? 'validation-failure' : 'starttls-not-supported')
    this.#deps.onClosed({
      kind: end.kind,
      stage,
      cause: end.cause,
      temporary: setup?.temporary ?? true,
      tlsFailed,
      ...(tlsFailed ? { tlsFailure } : {}),
      ...(bindFailed(this.#error) ? { localAddressFailed: true } : {}),
      ...(end.reply === undefined ? {} : { reply: end.reply }),
      transactions: this.#pipeline.pulled,
      ...(this.#transcript === null ? {} : { transcript: this.#transcript.of(null) }),
    })
  }

  #wire(): Wire {
    const parser = this.#parser
    return {
      transcript: this.#transcript,
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
      phase: (stage) => this.#deadlines?.phase(phaseMs(this.#timeouts, stage)),
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

/** Node names the failed system call; a connect that fails is the peer's or the network's. */
function bindFailed(error: Error | null): boolean {
  return error !== null && 'syscall' in error && error.syscall === 'bind'
}
