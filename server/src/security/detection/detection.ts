import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { networkOf } from '../limits/index.ts'
import type { KeyedDigest } from '../limits/index.ts'
import { agentClass } from './agent-class.ts'
import { flagPeople, insertAlert, insertSignal } from './detection-store.ts'

/** What was tried. */
export type SignalKind =
  | 'sign_up'
  | 'log_in'
  | 'reset'
  | 'invitation'
  | 'recovery'
  | 'smtp_auth'
  | 'domain_claim'
  | 'unsubscribe'

/**
 * How it ended. `unknown`, `known`: nobody, somebody has that address, and nothing else was looked at. `session`: a full log-in.
 * `abandoned`: the right password, and the second factor was not shown in time.
 */
export type SignalOutcome =
  | 'unknown'
  | 'known'
  | 'wrong_password'
  | 'right_password'
  | 'session'
  | 'abandoned'

export interface Signal {
  readonly kind: SignalKind
  readonly outcome: SignalOutcome
  /** From `clientKeyOf`; only an HMAC of it is stored. */
  readonly clientKey: string
  readonly userAgent: string
  /** Blind index of the address that was asked for, or 32 bytes that stand for another identifier. Null where only the person is known. */
  readonly emailIndex: Buffer | null
  /** Need not be looked up for this: the database finds the person by the index. */
  readonly personId: string | null
  /** The device has signed in as this person before. */
  readonly knownDevice?: boolean
}

export interface Alert {
  /** `<what>.<what>`, docs/detection.md. */
  readonly kind: string
  readonly severity: 'medium' | 'high' | 'critical'
  /** Whose owners are told; null with a person for that person alone, null without one for the operator. */
  readonly workspaceId: string | null
  readonly personId: string | null
  /** What it is about, at most 100 characters, no personal data: one alarm for each kind and subject at a time. */
  readonly about: string
  /** Found again within this time it is the same alarm; at most a week. */
  readonly quietSeconds: number
  /** Counts and ids, no personal data; whole numbers only, as the audit log takes them. */
  readonly detail: Readonly<Record<string, unknown>>
}

export interface Detection {
  /**
   * Takes a signal in. Call it after the answer is decided and do not wait for it before the answer: it resolves when the signal is stored
   * and never rejects; a signal that cannot be stored is logged.
   */
  observe(signal: Signal): Promise<void>
  /** Raises an alarm of another part of the product. The id; null where the same one goes on already. */
  raise(alert: Alert): Promise<string | null>
  /** Marks people so that their next log-in from an unknown device needs more. Answers those who were not marked yet. */
  flag(people: readonly string[], reason: string): Promise<string[]>
  /** Resolves when every signal taken in so far is stored or given up. */
  drain(): Promise<void>
}

/** Signals that may wait for the database at the same time: beyond that they are dropped, because memory is bounded and answers go first. */
const WAITING_MAX = 2_000

/** Where the signs of an attack are collected: see the slice's door. */
export function createDetection(deps: {
  readonly pool: Queryable
  readonly digest: KeyedDigest
  readonly log: Logger
}): Detection {
  const waiting = new Set<Promise<void>>()
  let dropped = 0

  async function store(signal: Signal): Promise<void> {
    const [client, network, agent] = await Promise.all([
      deps.digest(`client\0${signal.clientKey}`),
      deps.digest(`network\0${networkOf(signal.clientKey)}`),
      deps.digest(`agent\0${agentClass(signal.userAgent)}`),
    ])
    await insertSignal(deps.pool, {
      kind: signal.kind,
      outcome: signal.outcome,
      client,
      network,
      agent,
      identifier: signal.emailIndex,
      personId: signal.personId,
      knownDevice: signal.knownDevice === true,
    })
  }

  return {
    observe(signal) {
      if (waiting.size >= WAITING_MAX) {
        dropped += 1
        if (dropped === 1 || dropped % 1_000 === 0)
          deps.log.error(
            { dropped },
            'Signals of attack come faster than they can be stored; some were dropped',
          )
        return Promise.resolve()
      }
      const stored = store(signal).catch((error: unknown) =>
        deps.log.warn({ err: error, kind: signal.kind }, 'A signal of attack could not be stored'),
      )
      waiting.add(stored)
      return stored.finally(() => waiting.delete(stored))
    },
    raise: (alert) => insertAlert(deps.pool, alert),
    flag: (people, reason) => flagPeople(deps.pool, people, reason),
    drain: async () => {
      await Promise.all(waiting)
    },
  }
}
