import { blocksOf } from './content.ts'
import type { Peer } from './envelope.ts'
import { prepareTransaction } from './prepare.ts'
import { toReply } from './reply-parser.ts'
import {
  createSlot,
  fate,
  localRefusal,
  nextRcptLine,
  nextRecipient,
  outcomesOf,
  refusal,
  refuseRecipient,
} from './slot.ts'
import type { Slot } from './slot.ts'
import type { TranscriptLines } from './transcript.ts'
import type { SmtpConnectionDeps, SmtpOutcome } from './types.ts'
import type { PipelineEnd, PipelineStage, Wire } from './wire.ts'

export interface Pipeline {
  readonly stage: PipelineStage
  readonly pulled: number
  readonly busy: boolean
  /** At least one transaction came before the present one. */
  readonly reused: boolean
  start(peer: Peer): void
  pump(): void
  stop(): void
  onReply(code: number, raw: string): void
  /** The connection is gone: everything unsettled gets its outcome. Idempotent. */
  abort(end: PipelineEnd): void
}

type Jobs<T> = Pick<
  SmtpConnectionDeps<T>,
  'pull' | 'transactionOf' | 'beforeFinalDot' | 'onIdle' | 'maxTransactions'
> & {
  readonly onOutcome: (
    job: T,
    outcomes: readonly SmtpOutcome[],
    durationMs: number,
    lines: TranscriptLines | null,
  ) => void
}

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
  const { transcript } = wire
  let peer: Peer | null = null
  let pipelining = false
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

  const say = (slot: Slot<T>, text: string) => {
    transcript?.client(slot.lines, text)
    wire.write(text)
  }

  const breach = (cause: string) => wire.end({ kind: 'failed', cause, desynchronised: true })

  const settle = (slot: Slot<T>, outcome: SmtpOutcome) => {
    if (slot.settled) return
    slot.settled = true
    const durationMs = slot.startedAt === 0 ? 0 : performance.now() - slot.startedAt
    report(slot.job, outcomesOf(slot.count, slot.refusals, outcome), durationMs, slot.lines)
  }

  const report = (
    job: T,
    outcomes: readonly SmtpOutcome[],
    durationMs: number,
    lines: TranscriptLines | null,
  ) => {
    try {
      jobs.onOutcome(job, outcomes, durationMs, lines)
    } catch (error) {
      wire.end({ kind: 'failed', cause: `onOutcome failed: ${messageOf(error)}` })
    }
  }

  /** One pulled job as a slot, or null where it was refused and reported. */
  const prepare = (job: T, to: Peer): Slot<T> | null => {
    let transaction
    try {
      transaction = jobs.transactionOf(job)
    } catch (error) {
      const cause = `transactionOf failed: ${messageOf(error)}`
      report(job, [{ kind: 'unattempted', cause, stage: 'mail', temporary: true }], 0, null)
      wire.end({ kind: 'failed', cause })
      return null
    }
    const { length: count } = transaction.recipients
    const prepared = prepareTransaction(transaction, to)
    if (prepared.kind === 'refused') {
      report(job, outcomesOf(count, null, localRefusal(prepared.reply, 'mail')), 0, null)
      return null
    }
    const refusals = prepared.refusals?.map((reply) => reply && localRefusal(reply, 'rcpt')) ?? null
    if (prepared.rcpt === '') {
      report(job, outcomesOf(count, refusals, ENDED), 0, null)
      return null
    }
    return createSlot(job, prepared, refusals, count, transcript === null ? null : transcript.begin())
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
    say(slot, pipelining ? `${reset}${slot.mail}${slot.rcpt}DATA\r\n` : reset === '' ? slot.mail : reset)
  }

  const pumpOnce = () => {
    if (dead || peer === null || head !== null) return
    // Nothing is asked now: what waits is a 421, or a breach. The reader will tell as soon as it is whole.
    if (wire.pending) return wire.phase('none')
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

  /** Settles a transaction that nobody took: everyone has a refusal, his own or that of MAIL or DATA. */
  const settleRefused = (slot: Slot<T>) => settle(slot, slot.rejection ?? ENDED)

  /** The head is settled without a final dot; the peer may still hold its sender. */
  const dropHead = (slot: Slot<T>) => {
    settleRefused(slot)
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
      slot.rejection = refusal(toReply(code, raw), 'mail')
      if (!pipelining) return dropHead(slot)
    } else {
      slot.mailAccepted = true
    }
    enter('rcpt')
    if (!pipelining) say(slot, nextRcptLine(slot))
  }

  const onRcpt = (slot: Slot<T>, code: number, raw: string) => {
    if (code >= 300 && code < 400) return breach(`unexpected reply ${code} to RCPT`)
    // Behind a refused MAIL every RCPT is refused too, which says nothing of the recipient.
    if (code < 300) slot.accepted++
    else if (slot.rejection === null) refuseRecipient(slot, code, raw)
    if (code === 421) return serviceClosing(code, raw)
    if (nextRecipient(slot)) {
      enter('rcpt')
      if (!pipelining) say(slot, nextRcptLine(slot))
      return
    }
    if (!pipelining && slot.accepted === 0) return dropHead(slot)
    enter('data')
    if (!pipelining) say(slot, 'DATA\r\n')
  }

  const onData = (slot: Slot<T>, code: number, raw: string) => {
    if (code < 400 && code !== 354) return breach(`unexpected reply ${code} to DATA`)
    if (wire.pending) return breach('the server answered more than it was asked')
    if (code === 354) {
      if (slot.rejection === null && slot.accepted > 0) return sendContent(slot)
      // RFC 2920 §3.1: DATA was accepted although no recipient was. A lone dot ends it with nothing sent.
      settleRefused(slot)
      if (dead) return
      say(slot, '.\r\n')
      return enter('drain')
    }
    slot.rejection ??= refusal(toReply(code, raw), 'data')
    if (code === 421) return serviceClosing(code, raw)
    dropHead(slot)
  }

  const onDrained = (code: number, raw: string) => {
    if (code === 421) return serviceClosing(code, raw)
    // The peer took an empty message for somebody: its replies do not mean what they should.
    if (code < 400) return breach('the server accepted an empty message after refusing all recipients')
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
    if (pipelining && !stopping && started < jobs.maxTransactions) {
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
    if (transcript !== null) {
      transcript.client(slot.lines, `(${slot.content.bytes} bytes)\r\n.`)
      if (ahead !== null) transcript.client(ahead.lines, tail)
    }
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
    slot.rejection = refusal(toReply(code, raw), 'data')
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
    get reused() {
      return started > 1
    },
    start(to) {
      peer = to
      pipelining = to.capabilities.pipelining
      pump()
    },
    pump,
    stop() {
      stopping = true
      pump()
    },
    onReply(code, raw) {
      if (dead) return
      transcript?.server(head?.lines ?? null, raw)
      if (head === null) {
        if (code === 421) return serviceClosing(code, raw)
        return breach(`the server sent ${code} unasked`)
      }
      // One command per round trip: bytes behind the reply answer nothing that was asked.
      if (!pipelining && wire.pending && stage !== 'dot')
        return breach('the server answered more than it was asked')
      switch (stage) {
        case 'rset':
          if (code === 421) return serviceClosing(code, raw)
          if (code >= 300) return breach(`RSET was answered with ${code}`)
          needsReset = false
          enter('mail')
          if (!pipelining) say(head, head.mail)
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
      if (first !== null) settle(first, fate(first, end, { stage, pipelining, first: started === 1 }))
      if (second !== null) settle(second, fate(second, end, { stage: 'none', pipelining, first: false }))
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
