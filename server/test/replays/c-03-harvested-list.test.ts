import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { alterFunction } from '../support/altered-api.ts'
import { startAudit } from '../support/audit.ts'
import { aBrowser, aPerson, setPolicy } from '../support/people.ts'
import type { TestPerson } from '../support/people.ts'
import { deviations, replay } from './replay.ts'

const PEOPLE = 25
const FLAGGED_WITHIN_MS = 60_000

interface World extends AsyncDisposable {
  readonly api: ApiFixture
  readonly people: readonly TestPerson[]
}

interface Loot {
  readonly harvested: number
  readonly flagged: number
  readonly flaggedAfterMs: number
  readonly accepted: number
  readonly sessions: number
}

/** The workspace demands no second factor, so that nothing but the mark of those who were probed is in the way. */
async function startWorld(): Promise<World> {
  const api = await startApi({ trustedProxies: ['127.0.0.1'] })
  const audit = startAudit(api.database)
  const { id } = await api.workspace()
  await setPolicy(api, id, 'optional')
  const people: TestPerson[] = []
  for (let n = 0; n < PEOPLE; n++) people.push(await aPerson(api, { memberOf: [{ workspace: id }] }))
  return {
    api,
    people,
    async [Symbol.asyncDispose]() {
      await audit[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

async function attack({ api, people }: World): Promise<Loot> {
  const count = async (what: string): Promise<number> => {
    const { rows } = await api.database
      .pool('superuser')
      .query<{ n: number }>(`select count(*)::int as n from ${what}`)
    return rows[0]?.n ?? -1
  }
  const started = performance.now()
  const harvester = aBrowser(api, '203.0.113.9')
  for (const { email } of people)
    await harvester.call('POST', '/v1/log-in', { email, password: 'a guess that is wrong' })
  const flagged = () => count('account.person where flagged_at is not null')
  while ((await flagged()) < people.length && performance.now() - started < FLAGGED_WITHIN_MS)
    await new Promise((resolve) => setTimeout(resolve, 250))
  const flaggedAfterMs = Math.round(performance.now() - started)
  // The next day, from elsewhere, with what a breach of another service gave.
  let accepted = 0
  for (const [n, { email, password }] of people.entries()) {
    const answer = await aBrowser(api, `198.51.100.${n}`).call('POST', '/v1/log-in', { email, password })
    if (answer.status === 200) accepted += 1
  }
  return {
    harvested: people.length,
    flagged: await flagged(),
    flaggedAfterMs,
    accepted,
    sessions: await count('account.session'),
  }
}

replay<World, Loot>(
  {
    id: 'C-03',
    source: 'C:17–19',
    attack:
      'whoever has harvested a list of addresses and found the right passwords → tries them the next day, each once, each from a fresh address',
    bound: `0 sessions: who was probed is marked within 60 s, and a right password from an unknown device then takes a code from the mailbox`,
    control: 'log-in does not look at the mark: every right password of the list is a session',
  },
  {
    real: startWorld,
    control: async () => {
      const world = await startWorld()
      await alterFunction(world.api, 'log_in_facts', 'p.flagged_at is not null', 'false')
      return world
    },
    attack,
    judge: (loot) => ({
      breaches: [
        ...deviations({ flagged: PEOPLE, sessions: 0 }, { ...loot }),
        ...(loot.flaggedAfterMs > FLAGGED_WITHIN_MS ? [`marked after ${loot.flaggedAfterMs} ms`] : []),
      ],
      evidence: { ...loot },
    }),
    succeeded({ sessions }) {
      if (sessions !== PEOPLE) throw new Error(`${sessions} of ${PEOPLE} sessions`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
