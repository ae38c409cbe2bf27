import type { Transcript } from './transcript.ts'
import type { SmtpReply, SmtpTimeouts } from './types.ts'

/** The reply that is awaited. `content`: the blocks of a large message are going out. `drain`: the reply to a lone dot. */
export type PipelineStage = 'none' | 'rset' | 'mail' | 'rcpt' | 'data' | 'content' | 'dot' | 'drain'

export interface PipelineEnd {
  readonly kind: 'quit' | 'peer-closed' | 'failed'
  readonly cause: string
  readonly reply?: SmtpReply
  /** The replies can no longer be matched to commands: nothing unsettled is believed. */
  readonly desynchronised?: boolean
  /** A deadline passed: of several commands in flight, perhaps not the last but an earlier one was left unanswered. */
  readonly timedOut?: boolean
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
  /** Null where nobody asked for transcripts. */
  readonly transcript: Transcript | null
}

/** How long a phase of a transaction may last, in milliseconds. */
export function phaseMs(timeouts: SmtpTimeouts, stage: PipelineStage | 'block'): number {
  switch (stage) {
    case 'none':
    case 'rset':
    case 'mail':
      return timeouts.mailMs
    case 'rcpt':
      return timeouts.rcptMs
    case 'data':
      return timeouts.dataMs
    case 'content':
    case 'block':
      return timeouts.blockMs
    case 'dot':
    case 'drain':
      return timeouts.dotMs
  }
}
