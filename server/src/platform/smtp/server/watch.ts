import type { SmtpServerLimits } from './types.ts'

export type Overdue = 'commandTimeout' | 'dataTimeout' | 'dataTooSlow' | 'sessionTimeout' | 'destroy'

const HANDSHAKE_MS = 30_000
/** How long a peer may take to read its last reply and to close. */
const LINGER_MS = 2_000

type Phase = 'command' | 'data' | 'handshake' | 'suspended' | 'linger'

/**
 * The times of one session. It has no timer of its own: one sweep per server asks all watches, which is what makes 10,000 idle
 * sessions cheap. Time in a handler is not the peer's and is not counted.
 */
export class Watch {
  readonly #limits: SmtpServerLimits
  readonly #startedAt = performance.now()
  #phase: Phase = 'suspended'
  #since = this.#startedAt
  #lastProgress = 0
  #windowBytes = 0
  #congestedSince: number | null = null

  constructor(limits: SmtpServerLimits) {
    this.#limits = limits
  }

  command(): void {
    this.#enter('command')
  }

  suspend(): void {
    this.#enter('suspended')
  }

  handshake(): void {
    this.#enter('handshake')
  }

  linger(): void {
    this.#enter('linger')
  }

  /** The peer does not read its replies, or does so again. */
  congestion(congested: boolean): void {
    if (!congested) this.#congestedSince = null
    else this.#congestedSince ??= performance.now()
  }

  data(): void {
    this.#enter('data')
    this.#lastProgress = this.#since
    this.#windowBytes = 0
  }

  progress(bytes: number): void {
    this.#lastProgress = performance.now()
    this.#windowBytes += bytes
  }

  /** What is overdue at `now` (`performance.now()`), or null. */
  judge(now: number): Overdue | null {
    const limits = this.#limits
    const waited = now - this.#since
    if (this.#congestedSince !== null && now - this.#congestedSince > limits.commandTimeoutMs)
      return 'destroy'
    switch (this.#phase) {
      case 'suspended':
        return null
      case 'linger':
        return waited > LINGER_MS ? 'destroy' : null
      case 'handshake':
        return waited > Math.min(HANDSHAKE_MS, limits.commandTimeoutMs) ? 'destroy' : null
      case 'command':
        if (waited > limits.commandTimeoutMs) return 'commandTimeout'
        break
      case 'data':
        if (now - this.#lastProgress > limits.dataTimeoutMs) return 'dataTimeout'
        if (waited > limits.dataTimeoutMs) {
          if (this.#windowBytes * 1_000 < limits.dataMinBytesPerSecond * waited) return 'dataTooSlow'
          this.#since = now
          this.#windowBytes = 0
        }
        break
    }
    return now - this.#startedAt > limits.sessionMs ? 'sessionTimeout' : null
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.#since = performance.now()
  }
}
