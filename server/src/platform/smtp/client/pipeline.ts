import type { Capabilities } from './capabilities.ts'
import { blocksOf } from './content.ts'
import type { WireContent } from './content.ts'
import { prepareTransaction } from './prepare.ts'
import { toReply } from './reply-parser.ts'
import type { SmtpConnectionDeps, SmtpOutcome, SmtpReply, SmtpTransactionStage } from './types.ts'

/** The reply that is awaited. `content`: the blocks of a large message are going out. `drain`: the reply to a lone dot. */
export type PipelineStage = 'none' | 'rset' | 'mail' | 'rcpt' | 'data' | 'content' | 'dot' | 'drain'

export interface PipelineEnd {
  readonly kind: 'quit' | 'peer-closed' | 'failed'
  readonly cause: string
  readonly reply?: SmtpReply
  /** The replies can no longer be matched to commands: nothing unsettled is believed. */
  readonly desynchronised?: boolean
}

/** What the pipeline needs of the connection. */
export interface Wire {
  write(text: string): void
  /** Writes in one go; `flushed` is called when the kernel has taken all of it, with an error where it never will. */
  writeAll(parts: readonly Buffer[], tail: string, flushed: (error?: Error | null) => void): void
  /** A phase began: its deadline counts from now. */
  phase(stage: PipelineStage | 'block'): void
  /** A transaction has the connection to itself from now on. */
  transactionBegan(): void
  /** Bytes of the peer wait that were not asked for yet. */
  readonly pending: boolean
  /** Takes no more replies until `release()`. */
  hold(): void
  release(): void
  idle(): void
  /** Says QUIT: no job is in flight. */
  finish(cause: string): void
  /** Ends the connection at once; calls back `abort()`. */
  end(end: PipelineEnd): void
}

export interface Pipeline {
  readonly stage: PipelineStage
  readonly pulled: number
  readonly busy: boolean
  start(capabilities: Capabilities): void
  pump(): void
  stop(): void
  onReply(code: number, raw: string): void
  /** The connection is gone: everything unsettled gets its outcome. Idempotent. */
  abort(end: PipelineEnd): void
}

interface Slot<T> {
  readonly job: T
  readonly mail: string
  readonly rcpt: string
  readonly content: WireContent
  startedAt: number
  mailAccepted: boolean
  rejection: { reply: SmtpReply; stage: SmtpTransactionStage } | null
  finalDotWritten: boolean
  settled: boolean
}

type Jobs<T> = Pick<
  SmtpConnectionDeps<T>,
  'pull' | 'transactionOf' | 'beforeFinalDot' | 'onIdle' | 'maxTransactions'
> & { readonly onOutcome: (job: T, outcome: SmtpOutcome, durationMs: number) => void }

const ENDED: SmtpOutcome = {
  kind: 'unattempted',
  cause: 'the connection was ended',
  stage: 'mail',
  temporary: true,
}
const FINAL_DOT = Buffer.from('.\r\n')
// Above this size the content goes out block by block, so that a stalled reader is noticed and the final dot is written only
// when the peer has taken the rest.
const BLOCK_BYTES = 262_144
// Jobs refused locally in one turn of the event loop.
const MAX_LOCAL_REFUSALS = 16

/**
 * Runs transactions over one connection, one at a time. With PIPELINING the envelope of the next transaction travels in the same
 * write as the content and the final dot of the present one (RFC 2920 §3.1), so a message costs one round trip.
 *
 * Invariants: every pulled job is settled exactly once. At the moment the content is decided on, every reply to what was written
 * has been read and not a byte more, so a reply is never taken for the answer to a command that was not yet sent.
 */
export function createPipeline<T>(jobs: Jobs<T>, wire: Wire): Pipeline {
  let peer: Capabilities | null = null
  let head: Slot<T> | null = null
  let ahead: Slot<T> | null = null
  let stage: PipelineStage = 'none'
  let pulled = 0
  let started = 0
  let needsReset = false
  let stopping = false
  let dead = false
  let pumping = false
  let pumpAgain = false
  let unflushed = 0
  let heldReply: { code: number; raw: string } | null = null

  const enter = (next: PipelineStage) => {
    stage = next
    wire.phase(next)
  }

  const breach = (cause: string) => wire.end({ kind: 'failed', cause, desynchronised: true })

  const settle = (slot: Slot<T>, outcome: SmtpOutcome) => {
    if (slot.settled) return
    slot.settled = true
    report(slot.job, outcome, slot.startedAt === 0 ? 0 : performance.now() - slot.startedAt)
  }

  const report = (job: T, outcome: SmtpOutcome, durationMs: number) => {
    try {
      jobs.onOutcome(job, outcome, durationMs)
    } catch (error) {
      wire.end({ kind: 'failed', cause: `onOutcome failed: ${messageOf(error)}` })
    }
  }

  /** One pulled job as a slot, or null where it was refused and reported. */
  const prepare = (job: T, capabilities: Capabilities): Slot<T> | null => {
    let transaction
    try {
      transaction = jobs.transactionOf(job)
    } catch (error) {
      const cause = `transactionOf failed: ${messageOf(error)}`
      report(job, { kind: 'unattempted', cause, stage: 'mail', temporary: true }, 0)
      wire.end({ kind: 'failed', cause })
      return null
    }
    const prepared = prepareTransaction(transaction, capabilities)
    if (prepared.kind === 'refused') {
      report(job, { kind: 'bounced', reply: prepared.reply, stage: 'mail', local: true }, 0)
      return null
    }
    const { mail, rcpt, content } = prepared
    const state = { startedAt: 0, mailAccepted: false, rejection: null, finalDotWritten: false }
    return { job, mail, rcpt, content, ...state, settled: false }
  }

  /** The next job that can go to this peer; null where there is none, `later` where the rest should wait for the next turn. */
  const take = (): Slot<T> | null | 'later' => {
    for (let i = 0; i < MAX_LOCAL_REFUSALS; i++) {
      if (dead || peer === null) return null
      let job: T | null
      try {
        job = jobs.pull()
      } catch (error) {
        wire.end({ kind: 'failed', cause: `pull failed: ${messageOf(error)}` })
        return null
      }
      if (job === null) return null
      pulled++
      const slot = prepare(job, peer)
      if (slot !== null) {
        // A callback inside pull() or transactionOf() may have ended the connection.
        if (isDead()) {
          settle(slot, ENDED)
          return null
        }
        started++
        return slot
      }
    }
    return 'later'
  }
  const isDead = () => dead

  const begin = (slot: Slot<T>) => {
    head = slot
    slot.startedAt = performance.now()
    wire.transactionBegan()
    const reset = needsReset ? 'RSET\r\n' : ''
    enter(needsReset ? 'rset' : 'mail')
    if (peer?.pipelining) wire.write(`${reset}${slot.mail}${slot.rcpt}DATA\r\n`)
    else wire.write(reset === '' ? slot.mail : reset)
  }

  const pumpOnce = () => {
    if (dead || peer === null || head !== null) return
    if (wire.pending) return breach('the server answered more than it was asked')
    if (stopping) return wire.finish('closed')
    if (started >= jobs.maxTransactions) return wire.finish('the transaction limit is reached')
    const slot = take()
    if (dead) return
    if (slot === 'later') {
      setImmediate(pump)
    } else if (slot === null) {
      // A callback inside the last pull may have asked to stop.
      if (stopping) return wire.finish('closed')
      wire.idle()
    } else {
      begin(slot)
    }
  }

  const pump = () => {
    if (pumping) {
      pumpAgain = true
      return
    }
    pumping = true
    pumpAgain = false
    try {
      pumpOnce()
    } finally {
      pumping = false
    }
    if (pumpAgain && head === null && !dead) setImmediate(pump)
  }

  const reject = (slot: Slot<T>, code: number, raw: string, at: SmtpTransactionStage) => {
    slot.rejection ??= { reply: toReply(code, raw), stage: at }
  }

  const settleRejection = (slot: Slot<T>) => {
    if (slot.rejection !== null) settle(slot, refusal(slot.rejection.reply, slot.rejection.stage))
  }

  /** The head is settled without a final dot; the peer may still hold its sender. */
  const dropHead = (slot: Slot<T>) => {
    settleRejection(slot)
    if (dead) return
    needsReset = slot.mailAccepted
    head = null
    stage = 'none'
    pump()
  }

  const serviceClosing = (code: number, raw: string) =>
    wire.end({
      kind: 'peer-closed',
      cause: 'the server is closing the connection (421)',
      reply: toReply(code, raw),
    })

  const onMail = (slot: Slot<T>, code: number, raw: string) => {
    // Judged nothing yet: the usual answer of a server that wants no more messages on this connection.
    if (code === 421) return serviceClosing(code, raw)
    if (code >= 300 && code < 400) return breach(`unexpected reply ${code} to MAIL`)
    if (code >= 400) {
      reject(slot, code, raw, 'mail')
      if (!peer?.pipelining) return dropHead(slot)
    } else {
      slot.mailAccepted = true
    }
    enter('rcpt')
    if (!peer?.pipelining) wire.write(slot.rcpt)
  }

  const onRcpt = (slot: Slot<T>, code: number, raw: string) => {
    if (code >= 300 && code < 400) return breach(`unexpected reply ${code} to RCPT`)
    if (code >= 400) {
      reject(slot, code, raw, 'rcpt')
      if (code === 421) return serviceClosing(code, raw)
      if (!peer?.pipelining) return dropHead(slot)
    }
    enter('data')
    if (!peer?.pipelining) wire.write('DATA\r\n')
  }

  const onData = (slot: Slot<T>, code: number, raw: string) => {
    if (code < 400 && code !== 354) return breach(`unexpected reply ${code} to DATA`)
    if (wire.pending) return breach('the server answered more than it was asked')
    if (code === 354) {
      if (slot.rejection === null) return sendContent(slot)
      // RFC 2920 §3.1: DATA was accepted although the recipient was not. A lone dot ends it with nothing sent.
      settleRejection(slot)
      if (dead) return
      wire.write('.\r\n')
      return enter('drain')
    }
    reject(slot, code, raw, 'data')
    if (code === 421) return serviceClosing(code, raw)
    dropHead(slot)
  }

  const onDrained = (code: number, raw: string) => {
    if (code === 421) return serviceClosing(code, raw)
    // The peer took an empty message for somebody: its replies do not mean what they should.
    if (code < 400) return breach('the server accepted an empty message after refusing the recipient')
    head = null
    needsReset = false
    stage = 'none'
    pump()
  }

  const onDot = (slot: Slot<T>, code: number, raw: string) => {
    if (code >= 300 && code < 400) return breach(`unexpected reply ${code} to the end of the content`)
    if (code < 300 && unflushed > 0) {
      // Accepted before the final dot left this machine. Believed only when the rest is really out.
      heldReply = { code, raw }
      return wire.hold()
    }
    if (code < 300) settle(slot, { kind: 'delivered', reply: toReply(code, raw), stage: 'dot' })
    else settle(slot, refusal(toReply(code, raw), 'dot'))
    if (dead) return
    head = null
    needsReset = false
    if (code === 421) return serviceClosing(code, raw)
    if (ahead === null) {
      stage = 'none'
      return pump()
    }
    head = ahead
    ahead = null
    head.startedAt = performance.now()
    wire.transactionBegan()
    enter('mail')
  }

  const onFlushed = (error?: Error | null) => {
    if (error) return
    unflushed--
    if (dead || unflushed > 0) return
    if (stage === 'dot') wire.phase('dot')
    if (heldReply === null || head === null) return
    const { code, raw } = heldReply
    heldReply = null
    onDot(head, code, raw)
    if (!dead) wire.release()
  }

  /** Writes the last part of the content with its final dot and, in the same write, the next envelope. */
  const sendFinal = (slot: Slot<T>, parts: readonly Buffer[]) => {
    if (peer?.pipelining && !stopping && started < jobs.maxTransactions) {
      const next = take()
      if (dead) {
        if (next !== null && next !== 'later') settle(next, ENDED)
        return
      }
      ahead = next === 'later' ? null : next
    }
    try {
      jobs.beforeFinalDot(slot.job)
    } catch (error) {
      return wire.end({ kind: 'failed', cause: `beforeFinalDot failed: ${messageOf(error)}` })
    }
    if (dead) return
    slot.finalDotWritten = true
    stage = 'dot'
    wire.phase('block')
    unflushed++
    const tail = ahead === null ? '' : `${ahead.mail}${ahead.rcpt}DATA\r\n`
    wire.writeAll([...parts, FINAL_DOT], tail, onFlushed)
  }

  const sendContent = (slot: Slot<T>) => {
    if (slot.content.bytes <= BLOCK_BYTES) return sendFinal(slot, slot.content.parts)
    stage = 'content'
    const blocks = blocksOf(slot.content.parts, BLOCK_BYTES)
    const step = (error?: Error | null) => {
      if (error || dead || stage !== 'content') return
      const block = blocks.next()
      if (block.done) return sendFinal(slot, [])
      wire.phase('block')
      wire.writeAll(block.value, '', step)
    }
    step()
  }

  /** A refusal in the middle of the content: the peer has stopped listening, so the rest is not sent. */
  const onEarlyReply = (slot: Slot<T>, code: number, raw: string) => {
    if (code < 400) return breach(`unexpected reply ${code} within the content`)
    reject(slot, code, raw, 'data')
    wire.end({ kind: 'peer-closed', cause: 'the server refused the message within its content' })
  }

  return {
    get stage() {
      return stage
    },
    get pulled() {
      return pulled
    },
    get busy() {
      return head !== null
    },
    start(capabilities) {
      peer = capabilities
      pump()
    },
    pump,
    stop() {
      stopping = true
      pump()
    },
    onReply(code, raw) {
      if (dead) return
      if (head === null) {
        if (code === 421) return serviceClosing(code, raw)
        return breach(`the server sent ${code} unasked`)
      }
      // One command per round trip: bytes behind the reply answer nothing that was asked.
      if (!peer?.pipelining && wire.pending && stage !== 'dot')
        return breach('the server answered more than it was asked')
      switch (stage) {
        case 'rset':
          if (code === 421) return serviceClosing(code, raw)
          if (code >= 300) return breach(`RSET was answered with ${code}`)
          needsReset = false
          enter('mail')
          if (!peer?.pipelining) wire.write(head.mail)
          return
        case 'mail':
          return onMail(head, code, raw)
        case 'rcpt':
          return onRcpt(head, code, raw)
        case 'data':
          return onData(head, code, raw)
        case 'content':
          return onEarlyReply(head, code, raw)
        case 'dot':
          return onDot(head, code, raw)
        case 'drain':
          return onDrained(code, raw)
        case 'none':
          return breach(`the server sent ${code} unasked`)
      }
    },
    abort(end) {
      if (dead) return
      dead = true
      const [first, second] = [head, ahead]
      head = null
      ahead = null
      const unattempted = (at: 'mail' | 'rcpt' | 'data'): SmtpOutcome => {
        const outcome = { kind: 'unattempted' as const, cause: end.cause, stage: at, temporary: true }
        return end.reply === undefined ? outcome : { ...outcome, reply: end.reply }
      }
      if (first !== null) {
        if (!end.desynchronised) settleRejection(first)
        if (first.finalDotWritten) settle(first, { kind: 'uncertain', cause: end.cause })
        else
          settle(
            first,
            unattempted(stage === 'rcpt' || stage === 'data' ? stage : stage === 'content' ? 'data' : 'mail'),
          )
      }
      if (second !== null) settle(second, unattempted('mail'))
    },
  }
}

function refusal(reply: SmtpReply, stage: SmtpTransactionStage): SmtpOutcome {
  return { kind: reply.code < 500 ? 'deferred' : 'bounced', reply, stage }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
