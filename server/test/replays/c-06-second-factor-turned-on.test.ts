import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { aPerson } from '../flows/people-fixture.ts'
import type { TestPerson } from '../flows/people-fixture.ts'
import { lettersTo } from '../support/people.ts'
import { alterFunction } from './altered-function.ts'
import { deviations, replay } from './replay.ts'

interface World {
  readonly api: ApiFixture
  readonly workspace: string
  readonly owner: TestPerson
  /** Sessions on a password alone, those with a code, those with a passkey. */
  readonly people: Readonly<Record<'none' | 'totp' | 'passkey', readonly TestPerson[]>>
  readonly neighbour: TestPerson
}

interface Step {
  readonly alive: Readonly<Record<'none' | 'totp' | 'passkey', number>>
  readonly streams: Readonly<Record<'none' | 'totp' | 'passkey', number>>
  readonly told: number
  readonly lastMs: number
}

interface Loot {
  readonly required: Step
  readonly passkey: Step
  readonly neighbourAlive: boolean
  readonly couldLockItselfOut: boolean
}

const EACH = 4
const DEAD_WITHIN_MS = 1_000
const WATCH_MS = 2_500
const FACTORS = ['none', 'totp', 'passkey'] as const

async function startWorld(isProtected: boolean): Promise<World> {
  const api = await startApi()
  if (!isProtected) {
    await alterFunction(
      api.database,
      'find_session',
      `'secondFactor', coalesce(y.second_factor, 'required')`,
      `'secondFactor', 'optional'`,
    )
    await alterFunction(
      api.database,
      'dead_entries',
      `coalesce(y.second_factor, 'required') = 'passkey' and s.factor not in ('passkey', 'sso')`,
      'false',
    )
    await alterFunction(
      api.database,
      'dead_entries',
      `coalesce(y.second_factor, 'required') = 'required' and s.factor = 'none'`,
      'false',
    )
  }
  const { id: workspace } = await api.workspace()
  const { id: elsewhere } = await api.workspace()
  const owner = await aPerson(api, { workspace, role: 'owner', factor: 'passkey' })
  const open = await owner.call('PUT', '/v1/workspace/policy', { secondFactor: 'optional' })
  if (open.status !== 200) throw new Error(open.text)
  const other = await aPerson(api, { workspace: elsewhere, role: 'owner', factor: 'passkey' })
  await other.call('PUT', '/v1/workspace/policy', { secondFactor: 'optional' })
  const group = (factor: (typeof FACTORS)[number]) =>
    Promise.all(Array.from({ length: EACH }, () => aPerson(api, { workspace, role: 'developer', factor })))
  return {
    api,
    workspace,
    owner,
    people: { none: await group('none'), totp: await group('totp'), passkey: await group('passkey') },
    neighbour: await aPerson(api, { workspace: elsewhere, role: 'developer', factor: 'none' }),
  }
}

interface Stream {
  endedMs: number | null
  close(): void
}

async function openStream(api: ApiFixture, person: TestPerson): Promise<Stream> {
  const leave = new AbortController()
  const response = await fetch(`${api.url}/v1/events/stream`, {
    signal: leave.signal,
    headers: { authorization: `Bearer ${person.token}` },
  })
  if (response.status !== 200) throw new Error(`no stream: ${response.status}`)
  const stream: Stream = { endedMs: null, close: () => leave.abort() }
  void response
    .text()
    .catch(() => '')
    .then(() => (stream.endedMs = performance.now()))
  return stream
}

/** Turns the policy to a factor and looks who still comes in, and whose stream still runs, after the time in which it must be over. */
async function turn(
  world: World,
  secondFactor: 'required' | 'passkey',
  live: readonly (typeof FACTORS)[number][],
): Promise<Step> {
  const streams = await Promise.all(
    live.flatMap((factor) =>
      world.people[factor].map(async (person) => ({
        factor,
        person,
        stream: await openStream(world.api, person),
      })),
    ),
  )
  const changed = await world.owner.call('PUT', '/v1/workspace/policy', { secondFactor })
  if (changed.status !== 200) throw new Error(changed.text)
  const sinceMs = performance.now()
  let lastMs = 0
  while (performance.now() - sinceMs < WATCH_MS) {
    for (const { person } of streams) {
      const { status } = await person.call('GET', '/v1/messages?limit=1')
      if (status === 200 && !world.people.passkey.includes(person)) {
        const isMeant = secondFactor === 'required' && world.people.totp.includes(person)
        if (!isMeant) lastMs = performance.now() - sinceMs
      }
    }
  }
  const alive = { none: 0, totp: 0, passkey: 0 }
  for (const factor of FACTORS)
    for (const person of world.people[factor])
      if ((await person.call('GET', '/v1/messages?limit=1')).status === 200) alive[factor] += 1
  const running = { none: 0, totp: 0, passkey: 0 }
  for (const { factor, stream } of streams) if (stream.endedMs === null) running[factor] += 1
  for (const { stream } of streams) stream.close()
  let told = 0
  for (const factor of FACTORS)
    for (const { email } of world.people[factor])
      if ((await lettersTo(world.api, email)).some(({ kind }) => kind === 'policy')) told += 1
  return { alive, streams: running, told, lastMs: Math.round(lastMs) }
}

replay<World, Loot>(
  {
    id: 'C-06',
    source: 'Customer.io 2019: an administrator can make the second factor mandatory [C:46]',
    attack: 'sessions on a password alone, and later on a code alone, when the workspace turns its demand up',
    bound:
      'open the workspace no more, nor do their live streams run, within a second; members are told; others are not touched',
    control: 'the database answers that no second factor is demanded: all sessions and streams go on',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    async attack(world) {
      const required = await turn(world, 'required', ['none', 'totp', 'passkey'])
      const passkey = await turn(world, 'passkey', ['totp', 'passkey'])
      const neighbour = await world.neighbour.call('GET', '/v1/messages?limit=1')
      // Somebody with a code alone cannot demand of others what he does not show himself.
      const admin = await aPerson(world.api, {
        workspace: (await world.api.workspace()).id,
        role: 'owner',
        factor: 'totp',
      })
      const lockOut = await admin.call('PUT', '/v1/workspace/policy', { secondFactor: 'passkey' })
      return {
        required,
        passkey,
        neighbourAlive: neighbour.status === 200,
        couldLockItselfOut: lockOut.status === 200,
      }
    },
    judge: (loot) => ({
      breaches: deviations(
        {
          'sessions on a password that open the workspace once a second factor is required': 0,
          'streams of theirs that run': 0,
          'sessions with a code that open it still': EACH,
          'streams of theirs that run on': EACH,
          'sessions with a code that open it once a passkey is required': 0,
          'streams of theirs that run then': 0,
          'sessions with a passkey that open it': EACH,
          'streams with a passkey that run': EACH,
          'members who were told': 3 * EACH,
          'the neighbour is untouched': true,
          'an owner could lock himself out': false,
          'last request later than a second': false,
        },
        {
          'sessions on a password that open the workspace once a second factor is required':
            loot.required.alive.none,
          'streams of theirs that run': loot.required.streams.none,
          'sessions with a code that open it still': loot.required.alive.totp,
          'streams of theirs that run on': loot.required.streams.totp,
          'sessions with a code that open it once a passkey is required': loot.passkey.alive.totp,
          'streams of theirs that run then': loot.passkey.streams.totp,
          'sessions with a passkey that open it': loot.passkey.alive.passkey,
          'streams with a passkey that run': loot.passkey.streams.passkey,
          'members who were told': loot.required.told,
          'the neighbour is untouched': loot.neighbourAlive,
          'an owner could lock himself out': loot.couldLockItselfOut,
          'last request later than a second':
            Math.max(loot.required.lastMs, loot.passkey.lastMs) > DEAD_WITHIN_MS,
        },
      ),
      evidence: {
        sessions: 3 * EACH,
        lastRequestRequiredMs: loot.required.lastMs,
        lastRequestPasskeyMs: loot.passkey.lastMs,
        passwordSessionsAlive: loot.required.alive.none,
        codeSessionsAlive: loot.passkey.alive.totp,
        told: loot.required.told,
      },
    }),
    succeeded(loot) {
      if (loot.required.alive.none !== EACH || loot.passkey.alive.totp !== EACH)
        throw new Error('without the policy every session should have gone on')
    },
    close: async ({ api }) => {
      await api[Symbol.asyncDispose]()
    },
  },
)
