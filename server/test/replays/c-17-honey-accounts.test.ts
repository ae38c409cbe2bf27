import { createHmac, randomUUID } from 'node:crypto'
import { Fault } from '../../src/kernel/faults.ts'
import { createCredentialPepper, createPeopleAccess } from '../../src/security/access/index.ts'
import { makeDetectionWorld } from '../support/detection-world.ts'
import type { DetectionWorld } from '../support/detection-world.ts'
import { deviations, replay } from './replay.ts'

interface Loot {
  /** By kind of attempt at a honey account: seconds until the alarm, null for never. */
  readonly alarmSeconds: Readonly<Record<string, number | null>>
  readonly probedBefore: number
  readonly unflagged: number
  readonly sessions: number
  /** Somebody who exists gets one in the same way. */
  readonly ordinarySessions: number
}

const ATTEMPTS = ['log_in', 'reset', 'sign_up', 'recovery'] as const

async function getsSession(world: DetectionWorld, personId: string): Promise<boolean> {
  const people = createPeopleAccess({
    pool: world.database.pool('bulkhead_api'),
    pepper: createCredentialPepper({
      keyring: {
        pepper: async (_name, digests) =>
          digests.map((digest) => createHmac('sha256', 'a key').update(digest).digest()),
      },
      name: 'credential',
    }),
  })
  try {
    await people.issue({
      personId,
      level: 'full',
      factor: 'totp',
      hours: 1,
      sessionId: randomUUID(),
      device: null,
      clientKey: null,
    })
    return true
  } catch (error) {
    if (error instanceof Fault && error.code === 'unauthenticated') return false
    throw error
  }
}

/** Slower than every other rule: one address an hour, each from an address of its own, until the honey account comes up. */
async function attack(world: DetectionWorld): Promise<Loot> {
  const alarmSeconds: Record<string, number | null> = {}
  const probed: string[] = []
  let sessions = 0
  for (const [n, kind] of ATTEMPTS.entries()) {
    const address = `203.0.113.${n}`
    const honey = await world.honey()
    for (const person of await world.people(8)) {
      await world.observe({
        address,
        kind,
        email: world.emailOf(person),
        outcome: kind === 'log_in' ? 'wrong_password' : 'known',
      })
      await world.advance(3_600)
      await world.evaluate()
      probed.push(person)
    }
    const known = (await world.alerts()).length
    await world.observe({
      address,
      kind,
      email: honey.email,
      outcome: kind === 'log_in' ? 'right_password' : 'known',
    })
    const start = world.seconds
    alarmSeconds[kind] = null
    // As the loop of the worker does it.
    for (let round = 0; round < 12 && alarmSeconds[kind] === null; round++) {
      await world.advance(5)
      await world.evaluate()
      const fresh = (await world.alerts()).slice(known).some((alert) => alert.kind === 'honey.touched')
      if (fresh) alarmSeconds[kind] = world.seconds - start
    }
    // Even where the process is made to issue one: the database does not.
    if (await getsSession(world, honey.id)) sessions += 1
  }
  const flagged = await world.flagged()
  return {
    alarmSeconds,
    probedBefore: probed.length,
    unflagged: probed.filter((person) => !flagged.has(person)).length,
    sessions,
    ordinarySessions: (await getsSession(world, probed[0] ?? '')) ? 1 : 0,
  }
}

replay(
  {
    id: 'C-17',
    source: 'Design §4: honey accounts, ground truth for C-02',
    attack:
      'Somebody who is slower than every rule, one account an hour → goes through his list by log-in, reset, sign-up and recovery until a honey account comes up',
    bound:
      'An alarm within 60 s of the first touch, whatever was tried; everybody whom he asked for in the day before is flagged; a honey account never gets a session',
    control: 'The rule about honey accounts is taken out of the database: he is never noticed',
  },
  {
    real: () => makeDetectionWorld(),
    control: () => makeDetectionWorld({ withoutRules: ['honey.touched'] }),
    attack,
    judge: (loot) => ({
      breaches: [
        ...Object.entries(loot.alarmSeconds)
          .filter(([, seconds]) => seconds === null || seconds > 60)
          .map(([kind, seconds]) => `${kind}: the alarm came after ${seconds ?? 'more than 60'} s`),
        ...deviations({ unflagged: 0, sessions: 0, ordinarySessions: 1 }, { ...loot }),
      ],
      evidence: {
        ...Object.fromEntries(
          Object.entries(loot.alarmSeconds).map(([kind, seconds]) => [
            `${kind} alarm seconds`,
            seconds ?? 'never',
          ]),
        ),
        probedBefore: loot.probedBefore,
        unflagged: loot.unflagged,
        sessions: loot.sessions,
      },
    }),
    succeeded(loot) {
      if (loot.unflagged !== loot.probedBefore) throw new Error('people were flagged without the rule')
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
