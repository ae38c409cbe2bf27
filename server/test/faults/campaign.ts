import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { wallMs } from '../../../bench/clock.ts'
import type { SinkStats } from '../../../bench/sink.ts'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation, Kind } from '../constellation/installation.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink } from '../constellation/sink.ts'
import { startLoad } from './load.ts'
import type { Load } from './load.ts'
import type { Chance } from './random.ts'
import { reconcile } from './reconcile.ts'
import type { Evidence, Fate, Outage, Verdict } from './reconcile.ts'

export type Target = Kind | 'everything'
export const TARGETS: readonly Target[] = [
  'sender',
  'postgres',
  'api',
  'everything',
  'smtp',
  'keyring',
  'worker',
]

/** A receiving side as they are: slow answers, deferrals, unknown users, connections that break before and after the message is taken. */
export const ROUGH_SINK = {
  rules: [
    { at: 'rcpt', recipient: 'bounce-*', reply: '550 5.1.1 no such user' },
    { at: 'rcpt', percent: 2, reply: '451 4.7.1 try later' },
    { at: 'dot', percent: 0.5, action: 'accept-and-drop' },
    { at: 'dot', percent: 0.5, action: 'drop' },
    { at: 'dot', percent: 40, delayMs: 60 },
  ],
}

export interface Campaign {
  readonly evidence: Evidence
  readonly verdict: Verdict
  readonly load: Load
  readonly sink: SinkStats
  readonly installation: Installation
  readonly kills: Readonly<Record<string, number>>
}

/** Runs `rounds` kills under load on a fresh installation, waits until the queue is empty, and reconciles. */
export async function runKills(
  chance: Chance,
  rounds: number,
  use: (campaign: Campaign) => Promise<void> | void,
): Promise<void> {
  await using sink = await startJournallingSink()
  await sink.behave(ROUGH_SINK)
  await using installation = await startInstallation({
    outbound: `smtp://127.0.0.1:${sink.port}`,
    env: { BULKHEAD_RETRY_SCALE: '0.005' },
  })
  const load = startLoad(installation, { chance })
  const outages: Outage[] = []
  const kills: Record<string, number> = {}
  let plan: Target[] = []
  for (let round = 0; round < rounds; round++) {
    if (plan.length === 0) plan = chance.shuffled(TARGETS)
    const target = plan.pop() ?? 'sender'
    await sleep(chance.between(300, 1_500))
    outages.push(await strike(installation, target))
    kills[target] = (kills[target] ?? 0) + 1
    if ((round + 1) % 20 === 0)
      process.stdout.write(`  ${round + 1} kills, ${load.requests.length} requests\n`)
  }
  await sleep(300)
  await load.stop()
  // Before the rules, and with them their counts, are replaced.
  const stats = await sink.stats()
  const { evidence, verdict } = await judgeAll(installation, sink, load, outages)
  await use({ evidence, verdict, load, sink: stats, installation, kills })
}

/** Waits until nothing is pending and reconciles. */
export async function judgeAll(
  installation: Installation,
  sink: JournallingSink,
  load: Load,
  outages: readonly Outage[],
): Promise<{ evidence: Evidence; verdict: Verdict }> {
  await sink.behave({ rules: [{ at: 'rcpt', recipient: 'bounce-*', reply: '550 5.1.1 no such user' }] })
  const ledger = await installation.untilSettled(90_000, 'pending or scheduled')
  const evidence = {
    requests: load.requests,
    journal: sink.journal(),
    ledger,
    outages,
    fateOf: fates(installation),
  }
  return { evidence, verdict: await reconcile(evidence) }
}

async function strike(installation: Installation, target: Target): Promise<Outage> {
  const fromMs = wallMs()
  const senders = installation.pids('sender')
  let inFlight = 0
  if (target === 'everything') {
    await installation.killEverything()
    inFlight = openDots(installation.dataDirectory, senders)
    await installation.restart()
  } else {
    installation.kill(target)
    if (target === 'sender') inFlight = openDots(installation.dataDirectory, senders)
  }
  await installation.untilReady()
  return { what: target, fromMs, toMs: wallMs(), inFlight }
}

/** Final dots whose answer no sender wrote down: read from the journals of the processes that were just killed. */
export function openDots(dataDirectory: string, pids: readonly number[]): number {
  const directory = join(dataDirectory, 'sender')
  const open = new Set<string>()
  for (const name of readdirSync(directory).sort()) {
    if (!pids.includes(Number(name.split('-')[1]))) continue
    for (const line of readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1)) {
      const [kind, , message, number] = line.split('\t')
      if (kind === 'D') open.add(`${message}/${number}`)
      if (kind === 'R') open.delete(`${message}/${number}`)
    }
  }
  return open.size
}

/** Asks the API, once per message. */
function fates(installation: Installation): Evidence['fateOf'] {
  const known = new Map<string, Promise<Map<number, Fate>>>()
  async function load(messageId: string): Promise<Map<number, Fate>> {
    const { status, body } = await installation.http.call('GET', `/v1/messages/${messageId}`)
    if (status !== 200) return new Map()
    const uncertain = body.timeline.filter((entry: { type: string }) => entry.type === 'message.uncertain')
    return new Map(
      body.recipients.map((to: { number: number; state: string }) => [
        to.number,
        {
          state: to.state,
          uncertain: uncertain.filter((entry: { recipient: number }) => entry.recipient === to.number).length,
        },
      ]),
    )
  }
  return async (messageId, number) => {
    const loading = known.get(messageId) ?? load(messageId)
    known.set(messageId, loading)
    return (await loading).get(number)
  }
}

/** The figures of a campaign, for a person. */
export function figures(title: string, { verdict, kills, sink, evidence }: Campaign): string {
  const d = verdict.duplicates
  const { ledger } = evidence
  return [
    title,
    `  kills            ${Object.entries(kills)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ')}`,
    `  recipients       ${verdict.accepted} accepted, ${verdict.unknown} unanswered (${verdict.unknownArrived} of them arrived), ${verdict.refused} refused`,
    `  arrived          ${evidence.journal.length} copies; ended otherwise: ${JSON.stringify(verdict.endedOtherwise)}`,
    `  lost             ${verdict.lost.length}`,
    `  duplicates       ${d.copies}: ${d.saidUncertain} said to be uncertain, ${d.aroundOutage} around an outage, ${d.unexplained.length} unexplained`,
    `  in flight        ${verdict.inFlightAtKills} final dots without an answer at kills; the sink took and hung up ${sink.ruleActed[2] ?? 0} times`,
    `  ledger           ${JSON.stringify(ledger)}`,
    '',
  ].join('\n')
}
