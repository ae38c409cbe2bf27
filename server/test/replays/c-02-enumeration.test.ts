import { makeDetectionWorld } from '../support/detection-world.ts'
import type { DetectionWorld } from '../support/detection-world.ts'
import { playBenignDays } from '../support/benign-log-ins.ts'
import { replay } from './replay.ts'

/** How somebody goes through a list of addresses. */
interface Speed {
  readonly name: string
  /** 0: within a /64; -1: another /64 of a /48 each time. */
  readonly addresses: number
  /** Of all addresses together. */
  readonly everySeconds: number
  readonly hours: number
  /** How often is evaluated here; the product does it every 5 s. */
  readonly tickSeconds: number
}

const SPEEDS: readonly Speed[] = [
  { name: '1 address, 1/s', addresses: 1, everySeconds: 1, hours: 1 / 6, tickSeconds: 5 },
  { name: '1 /64 in rotation, 1/s', addresses: 0, everySeconds: 1, hours: 1 / 6, tickSeconds: 5 },
  { name: '1 /48 in rotation, 1/s', addresses: -1, everySeconds: 1, hours: 1 / 6, tickSeconds: 5 },
  { name: '1 address, 1/min', addresses: 1, everySeconds: 60, hours: 2, tickSeconds: 60 },
  { name: '1 address, 1/10 min', addresses: 1, everySeconds: 600, hours: 24, tickSeconds: 600 },
  { name: '1 address, 1/h', addresses: 1, everySeconds: 3_600, hours: 24, tickSeconds: 3_600 },
  {
    name: '1,000 addresses, 1/min each',
    addresses: 1_000,
    everySeconds: 0.06,
    hours: 1 / 30,
    tickSeconds: 5,
  },
  { name: '1,000 addresses, 1/h each', addresses: 1_000, everySeconds: 3.6, hours: 1, tickSeconds: 60 },
  { name: '1,000 addresses, 1/day each', addresses: 1_000, everySeconds: 86.4, hours: 24, tickSeconds: 600 },
  { name: '100 addresses, 1/h each', addresses: 100, everySeconds: 36, hours: 12, tickSeconds: 600 },
  { name: '100 addresses, 1/day each', addresses: 100, everySeconds: 864, hours: 24, tickSeconds: 1_800 },
  { name: '10 addresses, 1/h each', addresses: 10, everySeconds: 360, hours: 24, tickSeconds: 1_800 },
]

/** What is known to be missed; docs/detection.md says it to everybody. */
const MISSED = ['1 address, 1/h', '100 addresses, 1/day each', '10 addresses, 1/h each']

/** Half of the list exists, which is more than lists that are sold. */
const PEOPLE = 400

interface Loot {
  readonly rows: readonly {
    readonly name: string
    readonly asked: number
    readonly learnt: number
    readonly detectedSeconds: number | null
    /** Of those learnt, people who were not flagged 60 s after the alarm (C-03). */
    readonly unflagged: number
  }[]
  readonly benignDays: number
  readonly benignLogIns: number
  readonly falseAlarms: readonly string[]
}

interface Worlds extends AsyncDisposable {
  make(): Promise<DetectionWorld>
}

function worlds(withoutRules?: readonly string[]): Worlds {
  return {
    make: () => makeDetectionWorld(withoutRules === undefined ? {} : { withoutRules }),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

function addressOf(speed: Speed, n: number): string {
  if (speed.addresses === 0)
    return `2001:db8:66:1:${(n * 2_654_435_761).toString(16).slice(-4)}::${n.toString(16)}`
  if (speed.addresses < 0) return `2001:db8:67:${(n % 65_536).toString(16)}::1`
  const at = n % speed.addresses
  return `198.${18 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`
}

/** Sign-up with address after address: the answer is always the same, what is counted is what the attacker could have asked. */
async function enumerate(world: DetectionWorld, speed: Speed): Promise<Loot['rows'][number]> {
  const people = await world.people(PEOPLE)
  const learnt = new Set<string>()
  let asked = 0
  const row = (detectedSeconds: number | null, unflagged: number) => ({
    name: speed.name,
    asked,
    learnt: learnt.size,
    detectedSeconds,
    unflagged,
  })
  while (world.seconds < speed.hours * 3_600) {
    await world.advance(speed.tickSeconds)
    const due = Math.floor(world.seconds / speed.everySeconds)
    const asks: Promise<void>[] = []
    for (; asked < due; asked++) {
      const person = asked % 2 === 0 ? people[(asked / 2) % PEOPLE] : undefined
      if (person !== undefined) learnt.add(person)
      asks.push(
        world.observe({
          address: addressOf(speed, asked),
          kind: 'sign_up',
          email: person === undefined ? `guess-${asked}@people.test` : world.emailOf(person),
          outcome: person === undefined ? 'unknown' : 'known',
        }),
      )
    }
    await Promise.all(asks)
    await world.evaluate()
    const alarm = (await world.alerts()).find((alert) => alert.kind.startsWith('enumeration.'))
    if (alarm === undefined) continue
    const at = world.seconds
    await world.advance(60)
    await world.evaluate()
    const flagged = await world.flagged()
    return row(at, [...learnt].filter((person) => !flagged.has(person)).length)
  }
  return row(null, 0)
}

async function attack(all: Worlds): Promise<Loot> {
  const rows: Loot['rows'][number][] = []
  for (const speed of SPEEDS) {
    await using world = await all.make()
    rows.push(await enumerate(world, speed))
  }
  await using world = await all.make()
  const benign = await playBenignDays(world, 2)
  return {
    rows,
    benignDays: 2,
    benignLogIns: benign.logIns,
    falseAlarms: (await world.alerts()).map((alert) => alert.kind),
  }
}

replay(
  {
    id: 'C-02',
    source: 'Customer.io 2019: enumeration ran 22 h 25 min [C:13–17]',
    attack:
      'Somebody with a list of addresses, half of which exist → asks for one after the other at sign-up, at twelve speeds from one address, one IPv6 network and up to 1,000 addresses',
    bound:
      'At 1/s from one address, one /64 or one /48: noticed within 5 minutes and at most 50 existing accounts asked for; all of them flagged within 60 s, at every speed that is noticed; the speeds that are missed are those that are documented; no false alarm in two days of ordinary log-ins',
    control:
      'The rules about enumeration are taken out of the database: 300 accounts are asked for and nobody hears of it',
  },
  {
    real: async () => worlds(),
    control: async () => worlds(['enumeration.client', 'enumeration.distributed']),
    attack,
    judge(loot) {
      const fast = loot.rows.filter((row) => row.name.endsWith(', 1/s'))
      const missed = loot.rows.filter((row) => row.detectedSeconds === null).map((row) => row.name)
      return {
        breaches: [
          ...fast
            .filter((row) => row.detectedSeconds === null || (row.detectedSeconds > 300 && row.learnt > 50))
            .map((row) => `${row.name}: ${row.learnt} accounts, noticed after ${row.detectedSeconds} s`),
          ...loot.rows
            .filter((row) => row.unflagged > 0)
            .map((row) => `${row.name}: ${row.unflagged} people were not flagged`),
          ...missed
            .filter((name) => !MISSED.includes(name))
            .map((name) => `${name} is missed and not documented`),
          ...MISSED.filter((name) => !missed.includes(name)).map(
            (name) => `${name} is noticed and documented as missed`,
          ),
          ...loot.falseAlarms.map((kind) => `a false alarm: ${kind}`),
        ],
        evidence: {
          ...Object.fromEntries(
            loot.rows.map((row) => [
              row.name,
              row.detectedSeconds === null
                ? `MISSED (${row.asked} asked, ${row.learnt} existing)`
                : `${row.detectedSeconds} s, ${row.learnt} existing`,
            ]),
          ),
          'false alarms per day': loot.falseAlarms.length / loot.benignDays,
          'ordinary log-ins per day': Math.round(loot.benignLogIns / loot.benignDays),
        },
      }
    },
    succeeded(loot) {
      const row = loot.rows.find((item) => item.name === '1 address, 1/s')
      if (row === undefined || row.learnt < 300 || row.detectedSeconds !== null)
        throw new Error('the enumeration was noticed without its rules')
    },
    close: (world) => world[Symbol.asyncDispose](),
    // Eleven seconds on an idle machine.
    timeoutMs: 480_000,
  },
)
