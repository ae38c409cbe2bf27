import { makeDetectionWorld } from '../support/detection-world.ts'
import type { DetectionWorld } from '../support/detection-world.ts'
import { deviations, replay } from './replay.ts'

const KIND = 'workspaces.client'

interface Loot {
  /** Workspaces that the attacker had tried when the alarm came; null where none came. */
  readonly triedAtAlarm: number | null
  readonly victims: number
  readonly victimsFlagged: number
  readonly workspacesTold: number
  readonly falseAlarms: number
  readonly innocentFlagged: number
}

/** One attacker, who writes his address in another way each time. */
const SPELLINGS = [
  '203.0.113.66',
  '::ffff:203.0.113.66',
  '2002:cb00:7142::1',
  '64:ff9b::203.0.113.66',
  '2002:cb00:7142:9::8',
]

async function attack(world: DetectionWorld): Promise<Loot> {
  const victims = await world.people(10)
  const theirs = await Promise.all(victims.map((victim) => world.workspace([victim])))
  for (const [n, victim] of victims.entries())
    await world.observe({ address: `198.51.100.${n}`, email: world.emailOf(victim), outcome: 'session' })

  // An agency: 30 people, ten workspaces, each with three of them and a project manager who is in all.
  const agency = await world.people(30)
  for (let n = 0; n < 10; n++)
    await world.workspace([...agency.slice(n * 3, n * 3 + 3), ...(n % 3 === 0 ? [] : agency.slice(0, 1))])
  const [, , , ...staff] = agency
  // Those whom nobody connects would be strangers: connect them through one more.
  await world.workspace(agency)
  // A co-working space: tenants of ten workspaces, on laptops that have signed in before.
  const tenants = await world.people(10)
  for (const tenant of tenants) await world.workspace([tenant])
  // A provider's NAT: ten households, all for the first time within an hour, and again later with cleared cookies.
  const households = await world.people(10)
  for (const one of households) {
    await world.workspace([one])
    await world.observe({ address: '100.64.0.9', email: world.emailOf(one), outcome: 'session' })
  }
  await world.evaluate()
  await world.advance(3 * 86_400)

  for (const one of [...staff, ...agency.slice(0, 3)])
    await world.observe({ address: '192.0.2.1', email: world.emailOf(one), outcome: 'session' })
  for (const one of tenants)
    await world.observe({
      address: '192.0.2.2',
      email: world.emailOf(one),
      outcome: 'session',
      knownDevice: true,
    })
  for (const one of households)
    await world.observe({ address: '100.64.0.9', email: world.emailOf(one), outcome: 'session' })
  await world.evaluate()
  const falseAlarms = (await world.alerts()).filter((alert) => alert.kind === KIND).length

  let triedAtAlarm: number | null = null
  for (const [n, victim] of victims.slice(0, 6).entries()) {
    await world.observe({
      address: SPELLINGS[n % SPELLINGS.length] ?? '',
      email: world.emailOf(victim),
      outcome: n % 2 === 0 ? 'right_password' : 'wrong_password',
    })
    if (n % 2 === 0)
      await world.observe({
        address: SPELLINGS[n % SPELLINGS.length] ?? '',
        email: world.emailOf(victim),
        outcome: 'session',
      })
    await world.advance(30)
    await world.evaluate()
    const isRaised = (await world.alerts()).some(
      (alert) => alert.kind === KIND && alert.workspace_id === null,
    )
    if (isRaised && triedAtAlarm === null) triedAtAlarm = n + 1
  }
  const flagged = await world.flagged()
  const told = new Set(
    (await world.alerts()).filter((alert) => alert.kind === KIND).map((alert) => alert.workspace_id),
  )
  return {
    triedAtAlarm,
    victims: 6,
    victimsFlagged: victims.slice(0, 6).filter((victim) => flagged.has(victim)).length,
    workspacesTold: theirs.filter((id) => told.has(id)).length,
    falseAlarms,
    innocentFlagged: [...agency, ...tenants, ...households].filter((one) => flagged.has(one)).length,
  }
}

replay(
  {
    id: 'C-12',
    source: 'Customer.io 2019: several accounts were accessed from one IP address [C:21]',
    attack:
      'Somebody with the passwords of people of six unrelated workspaces → logs in to one after the other from one address, spelled in five ways',
    bound:
      'Noticed at the third workspace; all six people flagged and their workspaces told; an agency, a co-working space and a provider NAT raise nothing',
    control:
      'The rule is taken out of the database: six workspaces are entered from one address and nobody hears of it',
  },
  {
    real: () => makeDetectionWorld(),
    control: () => makeDetectionWorld({ withoutRules: [KIND] }),
    attack,
    judge: (loot) => ({
      breaches: deviations(
        {
          triedAtAlarm: 3,
          victimsFlagged: loot.victims,
          workspacesTold: loot.victims,
          falseAlarms: 0,
          innocentFlagged: 0,
        },
        { ...loot },
      ),
      evidence: { ...loot, triedAtAlarm: loot.triedAtAlarm ?? 'never' },
    }),
    succeeded(loot) {
      if (loot.triedAtAlarm !== null || loot.victimsFlagged > 0)
        throw new Error('it was noticed without the rule')
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
