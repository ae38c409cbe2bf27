import type { Ledger } from '../constellation/installation.ts'
import type { JournalLine } from '../constellation/sink.ts'
import { mayBounce } from './load.ts'
import type { Request } from './load.ts'

/** What the product says of one recipient. */
export interface Fate {
  readonly state: string
  /** How often its timeline says that no answer followed the final dot. */
  readonly uncertain: number
}

/** A stretch of time in which something was dead or away. */
export interface Outage {
  readonly what: string
  readonly fromMs: number
  readonly toMs: number
  /** Final dots that were out without a written answer when it began. */
  readonly inFlight: number
}

export interface Evidence {
  readonly requests: readonly Request[]
  /** The oracle: what the receiving side wrote down. */
  readonly journal: readonly JournalLine[]
  readonly ledger: Ledger
  readonly outages: readonly Outage[]
  /** By message id and the recipient's number (addresses of sensitive messages are not shown); undefined where the product knows nothing of it. */
  fateOf(messageId: string, number: number): Promise<Fate | undefined>
  /** Further ends in which nothing need have arrived: what a test made end so on purpose. */
  mayEnd?(state: string, recipient: string): boolean
}

export interface Verdict {
  readonly accepted: number
  readonly unknown: number
  readonly refused: number
  /** Recipients of unknown requests that arrived, as they may. */
  readonly unknownArrived: number
  /** Accepted, and neither at the other side nor with an end that says why. Must be empty. */
  readonly lost: readonly string[]
  /** Arrived although it was refused, or though nobody sent it, or as two messages. Must be empty. */
  readonly wrong: readonly string[]
  /** Accepted recipients that ended otherwise, by state. */
  readonly endedOtherwise: Readonly<Record<string, number>>
  readonly duplicates: {
    readonly copies: number
    readonly saidUncertain: number
    /** Not said by the timeline; the first copy arrived shortly before or during an outage. */
    readonly aroundOutage: number
    /** Must be empty. */
    readonly unexplained: readonly string[]
  }
  readonly inFlightAtKills: number
  /** What is wrong with the ledger. Must be empty. */
  readonly ledgerProblems: readonly string[]
}

const MESSAGE_ID = /(msg_\w+)/
/** Settling waits 8 ms and a commit; a second is what a loaded machine makes of it. */
const SETTLE_MS = 1_000
/**
 * Ends in which nothing need have arrived. Nobody cancels or suppresses here and nothing expires; a bounce that the sink did not
 * ask for would be a loss by another name.
 */
function isHonestEnd(state: string, recipient: string): boolean {
  return state === 'uncertain' || (state === 'bounced' && mayBounce(recipient))
}

/** Holds what clients were told and what the product says against what the receiving side wrote down. */
export async function reconcile(evidence: Evidence): Promise<Verdict> {
  const { requests, journal, ledger, outages } = evidence
  const arrived = Map.groupBy(journal, (line) => line.recipient)
  const outcomeOf = new Map(
    requests.flatMap((request) => request.recipients.map((to) => [to, request] as const)),
  )
  const of = (outcome: Request['outcome']): string[] =>
    requests.filter((request) => request.outcome === outcome).flatMap((request) => request.recipients)

  const lost: string[] = []
  const endedOtherwise: Record<string, number> = {}
  for (const request of requests.filter((each) => each.outcome === 'accepted')) {
    for (const to of request.recipients.filter((each) => !arrived.has(each))) {
      const fate = await evidence.fateOf(request.messageId ?? '', request.recipients.indexOf(to) + 1)
      if (fate !== undefined && (isHonestEnd(fate.state, to) || evidence.mayEnd?.(fate.state, to) === true))
        endedOtherwise[fate.state] = (endedOtherwise[fate.state] ?? 0) + 1
      else
        lost.push(
          `${to} of ${request.messageId} (${request.via}): never arrived, the product says ${fate?.state ?? 'nothing'}`,
        )
    }
  }

  const wrong: string[] = []
  const unexplained: string[] = []
  const counts = { copies: 0, saidUncertain: 0, aroundOutage: 0 }
  for (const [to, lines] of arrived) {
    const outcome = outcomeOf.get(to)?.outcome
    if (outcome === undefined) wrong.push(`${to} arrived and nobody sent it`)
    if (outcome === 'refused') wrong.push(`${to} arrived although it was refused`)
    const ids = new Set(lines.map((line) => MESSAGE_ID.exec(line.id)?.[1] ?? line.id))
    if (ids.size > 1) wrong.push(`${to} was sent once and became ${[...ids].join(' and ')}`)
    if (lines.length === 1) continue
    const extra = lines.length - 1
    counts.copies += extra
    const number = (outcomeOf.get(to)?.recipients.indexOf(to) ?? -1) + 1
    const fate = await evidence.fateOf([...ids][0] ?? '', number)
    const said = Math.min(extra, fate?.uncertain ?? 0)
    counts.saidUncertain += said
    const silent = lines
      .slice(0, -1)
      .filter(({ timeMs }) =>
        outages.some((outage) => timeMs >= outage.fromMs - SETTLE_MS && timeMs <= outage.toMs),
      ).length
    const around = Math.min(extra - said, silent)
    counts.aroundOutage += around
    if (said + around < extra)
      unexplained.push(
        `${to}: ${lines.length} copies at ${lines.map((line) => line.timeMs.toFixed(0)).join(', ')}; timeline: ${fate?.state}, ${fate?.uncertain} uncertain`,
      )
  }

  const accepted = of('accepted')
  const unknown = of('unknown')
  return {
    accepted: accepted.length,
    unknown: unknown.length,
    refused: of('refused').length,
    unknownArrived: unknown.filter((to) => arrived.has(to)).length,
    lost,
    wrong,
    endedOtherwise,
    duplicates: { ...counts, unexplained },
    inFlightAtKills: outages.reduce((sum, outage) => sum + outage.inFlight, 0),
    ledgerProblems: judgeLedger(ledger, accepted.length, unknown.length, arrived.size),
  }
}

function judgeLedger(ledger: Ledger, accepted: number, unknown: number, arrived: number): string[] {
  const checks: [boolean, string][] = [
    [ledger.balanced && ledger.lost === 0 && ledger.doubled === 0, 'it does not balance'],
    [ledger.pending === 0, `${ledger.pending} still wait`],
    [ledger.accepted >= accepted, `it counts ${ledger.accepted} accepted, clients were told of ${accepted}`],
    [
      ledger.accepted <= accepted + unknown,
      `it counts ${ledger.accepted} accepted, clients sent at most ${accepted + unknown}`,
    ],
    [ledger.delivered <= arrived, `it counts ${ledger.delivered} delivered, ${arrived} arrived`],
  ]
  return checks.flatMap(([holds, problem]) => (holds ? [] : [problem]))
}
