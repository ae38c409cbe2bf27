import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { alterFunction } from '../support/altered-api.ts'
import { startAudit } from '../support/audit.ts'
import { aBrowser, aPerson, lettersTo } from '../support/people.ts'
import type { TestPerson } from '../support/people.ts'
import { deviations, replay } from './replay.ts'

const TOLD_WITHIN_MS = 60_000

interface World extends AsyncDisposable {
  readonly api: ApiFixture
  readonly victim: TestPerson
}

interface Loot {
  readonly tries: number
  readonly told: number
  /** From the right password to the letter, the slowest of all. */
  readonly slowestMs: number
  readonly alerts: number
  readonly mustReset: boolean
  /** What the right password answers after that. */
  readonly afterwards: number
  readonly sessions: number
}

async function startWorld(): Promise<World> {
  const api = await startApi({ trustedProxies: ['127.0.0.1'] })
  const audit = startAudit(api.database)
  const workspace = (await api.workspace()).id
  return {
    api,
    victim: await aPerson(api, { totp: true, memberOf: [{ workspace }] }),
    async [Symbol.asyncDispose]() {
      await audit[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

/** Three times the right password, from three addresses, and no second factor: what he learns by it is that the password is right. */
async function attack({ api, victim }: World): Promise<Loot> {
  const { email, password } = victim
  const startedMs: number[] = []
  for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) {
    const answer = await aBrowser(api, address).call('POST', '/v1/log-in', { email, password })
    if (answer.status !== 200) throw new Error(`the right password answers ${answer.status}`)
    startedMs.push(performance.now())
  }
  const letters = async (): Promise<number> =>
    (await lettersTo(api, email)).filter(({ kind }) => kind === 'second_factor_abandoned').length
  let told = 0
  let slowestMs = 0
  const end = (startedMs[0] ?? 0) + TOLD_WITHIN_MS
  while (told < startedMs.length && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 250))
    const now = await letters()
    for (; told < now; told++) slowestMs = Math.max(slowestMs, performance.now() - (startedMs[told] ?? 0))
  }
  const count = async (what: string, values: readonly unknown[] = [victim.id]): Promise<number> => {
    const { rows } = await api.database
      .pool('superuser')
      .query<{ n: number }>(`select count(*)::int as n from ${what}`, [...values])
    return rows[0]?.n ?? -1
  }
  const alerts = () =>
    count(`security_alert where person_id = $1 and kind = 'second_factor.abandoned' and severity = 'high'`)
  // The rules are judged every five seconds.
  const rounds = told > 0 ? 40 : 0
  for (let waited = 0; waited < rounds && (await alerts()) === 0; waited++)
    await new Promise((resolve) => setTimeout(resolve, 250))
  const after = await aBrowser(api, '203.0.113.4').call('POST', '/v1/log-in', { email, password })
  return {
    tries: startedMs.length,
    told,
    slowestMs: Math.round(slowestMs),
    alerts: Math.min(1, await alerts()),
    mustReset: (await count('account.person where id = $1 and must_reset')) === 1,
    afterwards: after.status,
    sessions: await count('account.session where person_id = $1'),
  }
}

replay<World, Loot>(
  {
    id: 'D-05',
    source: 'D:31; ASVS 6.3.5',
    attack:
      'whoever has the right password and not the second factor → tries the password three times from unknown devices, and goes',
    bound:
      'the owner is told of each within 60 s, with an alarm of high severity; after the third the password opens nothing until it is reset',
    control:
      'nobody looks for log-ins that were abandoned: the owner hears nothing and the password stays good',
  },
  {
    real: startWorld,
    control: async () => {
      const world = await startWorld()
      await alterFunction(world.api, 'claim_abandoned', 'limit least(p_limit, 200)', 'limit 0')
      return world
    },
    attack,
    judge: (loot) => ({
      breaches: [
        ...deviations({ told: 3, alerts: 1, mustReset: true, afterwards: 401, sessions: 0 }, { ...loot }),
        ...(loot.slowestMs > TOLD_WITHIN_MS ? [`told after ${loot.slowestMs} ms`] : []),
      ],
      evidence: { ...loot, mustReset: String(loot.mustReset) },
    }),
    succeeded(loot) {
      if (loot.told !== 0 || loot.afterwards !== 200)
        throw new Error('the owner heard of it, or the password died')
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
