import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { LineBuffer } from './line-buffer.ts'
import { formatReply, INTERNAL_FAILURE } from './reply.ts'
import { REPLIES } from './replies.ts'
import type { SmtpReply } from './reply.ts'
import type { SmtpLog, SmtpPeer, SmtpServerLimits } from './types.ts'
import { Watch } from './watch.ts'
import { Wire } from './wire.ts'

interface ChannelDriver {
  readonly peer: SmtpPeer
  /** Consumes one line or piece of content; false when more input is needed. */
  step(): boolean
  onSecure(tls: { readonly protocol: string; readonly cipher: string }): void
  /** The conversation is over: give everything back. Called once. */
  onEnd(): void
  /** The connection is gone and no handler works for it. Called once, after `onEnd`. */
  onClose(): void
}

export interface ChannelDeps {
  readonly socket: Socket
  readonly limits: SmtpServerLimits
  readonly log: SmtpLog
  readonly driver: ChannelDriver
}

/** One conversation: strictly one step after the other, nothing read while a handler works, one way to end. */
export class Channel {
  readonly #deps: ChannelDeps
  readonly #wire: Wire
  readonly #watch: Watch
  #busy = true
  #closed = false
  /** Given once the answer in flight is out. */
  #farewell: SmtpReply | null = null
  #errors = 0
  #working = false
  #gone = false

  constructor(deps: ChannelDeps) {
    this.#deps = deps
    this.#watch = new Watch(deps.limits)
    this.#wire = new Wire(deps.socket, this)
  }

  get lines(): LineBuffer {
    return this.#wire.lines
  }

  get watch(): Watch {
    return this.#watch
  }

  get busy(): boolean {
    return this.#busy
  }

  /** A handler is at work, maybe for a peer that has left. */
  get working(): boolean {
    return this.#working
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Input that was read, or waits in the stream, behind what was consumed. */
  get hasUnread(): boolean {
    return this.#wire.hasUnread
  }

  /** Begins to listen in clear text; the driver is not asked before `resume`. */
  open(): void {
    this.#wire.open()
  }

  /** Starts a TLS handshake; the driver is told when it is done, and goes on with `resume`. */
  secure(secureContext: SecureContext): void {
    this.#busy = true
    this.#watch.handshake()
    this.#wire.secure(secureContext)
  }

  resume(): void {
    this.#busy = false
    this.#watch.command()
    this.#run()
  }

  /** Runs a handler; while it works nothing is read. A handler that throws is a 451 and a log line. */
  ask<Answer>(
    work: () => Promise<Answer>,
    then: (answer: Answer) => void,
    otherwise: (failure: SmtpReply) => void,
  ): void {
    this.#busy = true
    this.#working = true
    this.#watch.suspend()
    void this.#settle(work, then, otherwise).catch((error: unknown) => {
      this.logFailure(error)
      this.destroy()
    })
  }

  send(answer: SmtpReply): void {
    this.sendText(formatReply(answer))
    // 421 means that the service closes the channel (RFC 5321 §3.8).
    if (answer.code === 421) this.#finish('handler closed')
  }

  /** A reply that is formatted already. */
  sendText(text: string): void {
    this.#wire.send(text)
  }

  /** Answers an error and counts it. */
  refuse(answer: SmtpReply): void {
    this.send(answer)
    this.countError()
  }

  countError(): void {
    this.#errors += 1
    if (this.#errors > this.#deps.limits.errors) this.end(REPLIES.tooManyErrors, 'too many errors')
  }

  /** The next error is the last. */
  exhaustErrors(): void {
    this.#errors = this.#deps.limits.errors
  }

  /** Answers and ends. `reason` is from a fixed vocabulary, for the log. */
  end(answer: SmtpReply, reason: string): void {
    if (this.#closed) return
    this.sendText(formatReply(answer))
    this.#finish(reason)
  }

  /** Ends now, or after the answer to the command in flight. */
  endSoon(answer: SmtpReply, reason: string): void {
    if (this.#busy) this.endAfterAnswer(answer)
    else this.end(answer, reason)
  }

  /** Ends before the next step. */
  endAfterAnswer(answer: SmtpReply): void {
    this.#farewell = answer
  }

  destroy(): void {
    this.#wire.destroy()
  }

  sweep(now: number): void {
    const verdict = this.#watch.judge(now)
    if (verdict === null) return
    if (verdict === 'destroy') this.destroy()
    else this.end(REPLIES[verdict], verdict)
  }

  onInput(): void {
    if (!this.#busy && !this.#wire.congested) this.#run()
    else if (this.#wire.lines.length > 0) this.#wire.hold()
  }

  onSecure(tls: { readonly protocol: string; readonly cipher: string }): void {
    this.#deps.driver.onSecure(tls)
  }

  onClose(): void {
    this.#finish('connection closed')
    this.#gone = true
    // Leaving does not make room: otherwise a peer that asks and leaves has any number of handlers at work.
    if (!this.#working) this.#deps.driver.onClose()
  }

  /** Only the kind of the failure and where it was thrown: its text may quote what a peer sent. */
  logFailure(error: unknown): void {
    const known = error instanceof Error ? error : null
    const code = known !== null && 'code' in known && typeof known.code === 'string' ? known.code : null
    const stack = known?.stack?.split('\n') ?? []
    const at = stack.filter((line) => /^ {4}at /.test(line)).slice(0, 8)
    this.#deps.log.error(
      { ...this.#subject(), error: known?.name ?? typeof error, code, at },
      'smtp handler failed',
    )
  }

  async #settle<Answer>(
    work: () => Promise<Answer>,
    then: (answer: Answer) => void,
    otherwise: (failure: SmtpReply) => void,
  ): Promise<void> {
    let apply: () => void
    try {
      const answer = await work()
      apply = () => then(answer)
    } catch (error) {
      this.logFailure(error)
      apply = () => otherwise(INTERNAL_FAILURE)
    }
    this.#working = false
    if (this.#gone) this.#deps.driver.onClose()
    if (this.#closed) return
    apply()
    if (!this.#closed && !this.#working) this.resume()
  }

  #run(): void {
    while (!this.#busy && !this.#closed && !this.#wire.congested) {
      if (this.#farewell !== null) this.end(this.#farewell, 'farewell')
      else if (!this.#deps.driver.step()) break
    }
    if (this.#closed) return
    if (this.#busy) {
      this.#wire.flushSoon()
      return
    }
    this.#wire.flush()
    this.#watch.congestion(this.#wire.congested)
    if (this.#wire.congested) return
    if (this.#wire.peerEnded) this.#finish('peer ended')
    else this.#wire.release()
  }

  #finish(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#watch.linger()
    this.#wire.finish()
    this.#deps.driver.onEnd()
    this.#deps.log.debug({ ...this.#subject(), errors: this.#errors, reason }, 'smtp session ended')
  }

  #subject(): { readonly connection: number; readonly listener: string; readonly secure: boolean } {
    const { connection, listener, tls } = this.#deps.driver.peer
    return { connection, listener, secure: tls !== null }
  }
}
