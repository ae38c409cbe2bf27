import { hash } from 'node:crypto'
import type { TlsFailureType } from '../../platform/smtp/client/index.ts'
import { runLoop } from '../../platform/loop/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { CountedRow, ResultStore } from './result-store.ts'
import type { PolicyFacts, TransportVerdict } from './verdict.ts'

/** One session with a mail server, or a try at one (RFC 8460 §4.4). */
export interface CountedSession {
  /** Of the host, or of the verdict where no host was reached. */
  readonly report: PolicyFacts
  readonly mxHost: string | null
  readonly receivingIp: string | null
  readonly sendingIp: string | null
  readonly result: 'success' | TlsFailureType
}

export interface TlsReports extends AsyncDisposable {
  /** Counts a session, in memory: it reaches the database within a minute, or when this is disposed of. Never throws, never waits. */
  count(session: CountedSession): void
  /**
   * Counts what a verdict itself says: hosts that it takes out and a policy that could not be fetched. Once for each look at the verdict
   * that leads to a connection or a deferral.
   */
  countVerdict(verdict: TransportVerdict): void
  flush(): Promise<void>
  /** Flushes every minute until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

const FLUSH_MS = 60_000
/** In memory; behind it, sessions are counted without the host. */
const ROWS_MAX = 20_000
const ROWS_PER_CALL = 500
const STRINGS_MAX = 110
const TEXT_MAX = 300

/** The counting half of TLS reports, in the sender. What is lost with a process is at most a minute of counts, never mail. */
export function createTlsReports(deps: {
  readonly store: ResultStore
  readonly log: Logger
  readonly nowMs: () => number
}): TlsReports {
  let rows = new Map<string, CountedRow>()

  function count(session: CountedSession): void {
    const detailed = rows.size < ROWS_MAX
    add(deps.nowMs(), session, detailed, rows)
  }

  function countVerdict(verdict: TransportVerdict): void {
    for (const host of verdict.removed)
      count({
        report: host.report,
        mxHost: host.exchange,
        receivingIp: null,
        sendingIp: null,
        result: host.tlsFailure,
      })
    if (verdict.kind === 'policy' && verdict.stsProblem !== null)
      count({
        report: asSts(verdict.report),
        mxHost: null,
        receivingIp: null,
        sendingIp: null,
        result: verdict.stsProblem,
      })
    if (verdict.kind === 'defer' && verdict.removed.length === 0)
      count({
        report: verdict.report,
        mxHost: null,
        receivingIp: null,
        sendingIp: null,
        result: verdict.tlsFailure,
      })
  }

  async function flush(): Promise<void> {
    const taken = rows
    rows = new Map()
    const all = [...taken.values()]
    for (let at = 0; at < all.length; at += ROWS_PER_CALL) {
      try {
        await deps.store.add(all.slice(at, at + ROWS_PER_CALL))
      } catch (error) {
        // What was not written is counted again with what came meanwhile, as far as there is room.
        for (const row of all.slice(at)) merge(rows, row)
        throw error
      }
    }
  }

  return {
    count,
    countVerdict,
    flush,
    run: (signal) =>
      runLoop({
        name: 'count TLS sessions',
        everyMs: FLUSH_MS,
        log: deps.log,
        signal,
        round: async () => {
          await flush()
          return undefined
        },
      }),
    async [Symbol.asyncDispose]() {
      await flush().catch((error: unknown) =>
        deps.log.warn({ err: error }, 'The last counts of TLS sessions were not written'),
      )
    },
  }
}

function add(nowMs: number, session: CountedSession, detailed: boolean, rows: Map<string, CountedRow>): void {
  const { report } = session
  const row: Omit<CountedRow, 'key' | 'sessions'> = {
    // RFC 8460 §4.1: days of UTC.
    day: new Date(nowMs).toISOString().slice(0, 10),
    domain: report.policyDomain,
    policyType: report.policyType,
    policyStrings: report.policyStrings.slice(0, STRINGS_MAX).map((text) => text.slice(0, TEXT_MAX)),
    mxPatterns: report.mxHostPatterns.slice(0, STRINGS_MAX),
    result: session.result,
    mxHost: detailed ? session.mxHost : null,
    receiver: detailed ? session.receivingIp : null,
    source: detailed ? session.sendingIp : null,
  }
  const key = hash('sha256', JSON.stringify(Object.values(row)), 'hex')
  merge(rows, { ...row, key, sessions: 1 })
}

function merge(rows: Map<string, CountedRow>, row: CountedRow): void {
  const known = rows.get(row.key)
  if (known === undefined && rows.size >= ROWS_MAX * 2) return
  rows.set(row.key, { ...row, sessions: row.sessions + (known?.sessions ?? 0) })
}

/** A policy that could not be fetched is a failure of MTA-STS, though no policy holds (RFC 8460 §4.3.2.2). */
function asSts(report: PolicyFacts): PolicyFacts {
  return { policyType: 'sts', policyDomain: report.policyDomain, policyStrings: [], mxHostPatterns: [] }
}
