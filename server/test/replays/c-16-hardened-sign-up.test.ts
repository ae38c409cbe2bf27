import { randomBytes } from 'node:crypto'
import { aClient, kindsTo } from '../flows/accounts-fixture.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { aBrowser, aPerson } from '../support/people.ts'
import { alterFunction } from './altered-function.ts'
import { deviations, replay } from './replay.ts'

/** Of each kind; half as many addresses that nobody has as there are others together. */
const EACH = 10
const TIMES = 4
const KINDS = ['owner', 'suspended', 'decoy', 'to be reset', 'nobody'] as const
type Kind = (typeof KINDS)[number]

interface World {
  readonly api: ApiFixture
  readonly addresses: Readonly<Record<Kind, readonly string[]>>
}

interface Loot {
  /** Different answers there were, after masking what differs between any two requests. */
  readonly answers: number
  /** Addresses that somebody has and whose answers were never one that an unknown address got. */
  readonly learnt: number
  readonly answered202: number
  readonly requests: number
  readonly ownersTold: number
  readonly lettersToOneOwnerMax: number
  readonly lettersWithLink: number
  readonly strangersWithoutLink: number
  readonly suspendedOrDecoyTold: number
  readonly sessions: number
  /** The client beyond its limit was told so for both kinds of addresses. */
  readonly limitedAlike: boolean
}

async function startWorld(isProtected: boolean): Promise<World> {
  const api = await startApi({ trustedProxies: ['127.0.0.1'] })
  if (!isProtected) {
    await alterFunction(
      api.database,
      'ask_account',
      'insert into account.request',
      `if exists (select from account.person p where p.email_index = p_index) then
         raise exception 'taken' using errcode = '53400';
       end if;
       insert into account.request`,
    )
  }
  const people = (options: Parameters<typeof aPerson>[1]) =>
    Promise.all(
      Array.from({ length: EACH }, async () => (await aPerson(api, { ...options, password: null })).email),
    )
  return {
    api,
    addresses: {
      owner: await people({}),
      suspended: await people({ disabled: true }),
      decoy: await people({ honey: true }),
      'to be reset': await people({ mustReset: true }),
      nobody: Array.from({ length: EACH * 2 }, () => `${randomBytes(6).toString('hex')}@people.test`),
    },
  }
}

/** An answer without what differs between any two. */
function masked(answer: { status: number; text: string; headers: Headers }): string {
  const headers = [...answer.headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
  const text = answer.text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>')
  return JSON.stringify([answer.status, text, headers])
}

async function attack({ api, addresses }: World): Promise<Loot> {
  const seen = new Map<string, Set<string>>()
  let requests = 0
  let answered202 = 0
  let sessions = 0
  for (let time = 0; time < TIMES; time++) {
    for (const kind of KINDS) {
      for (const email of addresses[kind]) {
        // From everywhere, and in another spelling.
        const written = time % 2 === 0 ? email : email.toUpperCase()
        const answer = await aClient(api).call('POST', '/v1/sign-up', { email: written })
        requests += 1
        if (answer.status === 202) answered202 += 1
        sessions += answer.setCookies.length
        seen.set(email, (seen.get(email) ?? new Set()).add(masked(answer)))
      }
    }
  }
  const ofNobody = new Set(addresses.nobody.flatMap((email) => [...(seen.get(email) ?? [])]))
  const known = KINDS.filter((kind) => kind !== 'nobody').flatMap((kind) => addresses[kind])
  const learnt = known.filter((email) => [...(seen.get(email) ?? [])].some((answer) => !ofNobody.has(answer)))
  const kinds = async (kind: Kind) => Promise.all(addresses[kind].map((email) => kindsTo(api, email)))
  const toOwners = [...(await kinds('owner')), ...(await kinds('to be reset'))]
  const toNobody = await kinds('nobody')
  const toOthers = [...(await kinds('suspended')), ...(await kinds('decoy'))]
  const { rows } = await api.database
    .pool('superuser')
    .query<{ n: number }>('select count(*)::int as n from account.session')
  return {
    answers: new Set([...seen.values()].flatMap((each) => [...each])).size,
    learnt: learnt.length,
    answered202,
    requests,
    ownersTold: toOwners.filter((letters) => letters.includes('address_known')).length,
    lettersToOneOwnerMax: Math.max(...toOwners.map((letters) => letters.length)),
    lettersWithLink: toNobody.flat().filter((kind) => kind === 'verify_address').length,
    strangersWithoutLink: toNobody.filter((letters) => !letters.includes('verify_address')).length,
    suspendedOrDecoyTold: toOthers.flat().length,
    sessions: sessions + (rows[0]?.n ?? 0),
    limitedAlike: await isLimitedAlike(api, addresses),
  }
}

/** One client goes through a list: it is stopped by how much it asks, whoever it asks for. */
async function isLimitedAlike(api: ApiFixture, addresses: World['addresses']): Promise<boolean> {
  const at = [aBrowser(api, '203.0.113.1'), aBrowser(api, '203.0.113.2')] as const
  const answers = async (browser: (typeof at)[number], list: readonly string[]): Promise<number[]> => {
    const statuses: number[] = []
    for (let n = 0; n < 40; n++)
      statuses.push((await browser.call('POST', '/v1/sign-up', { email: list[n % list.length] })).status)
    return statuses
  }
  const [one, other] = [await answers(at[0], addresses.owner), await answers(at[1], addresses.nobody)]
  return one.includes(429) && JSON.stringify(one) === JSON.stringify(other)
}

replay<World, Loot>(
  {
    id: 'C-16',
    source: 'C:48',
    attack:
      'an attacker from many networks signs up with addresses of owners, suspended accounts, decoys and strangers, again and again → learns who has an account from status, headers and body',
    bound:
      '0 accounts learnt: one answer for all, "check your mail"; an owner hears of it once a day and not more; a client beyond its limit is told so whoever it asks for',
    control: 'the database refuses the sign-up of an address that somebody has: every account is learnt',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    attack,
    judge(loot, { addresses }) {
      const owners = addresses.owner.length + addresses['to be reset'].length
      return {
        breaches: deviations(
          {
            answers: 1,
            learnt: 0,
            answered202: loot.requests,
            ownersTold: owners,
            lettersToOneOwnerMax: 1,
            strangersWithoutLink: 0,
            suspendedOrDecoyTold: 0,
            sessions: 0,
            limitedAlike: true,
          },
          { ...loot },
        ),
        evidence: {
          requests: loot.requests,
          answers: loot.answers,
          learnt: loot.learnt,
          ownersTold: loot.ownersTold,
          lettersToOneOwnerMax: loot.lettersToOneOwnerMax,
          lettersWithLink: loot.lettersWithLink,
        },
      }
    },
    succeeded(loot, { addresses }) {
      const all = KINDS.filter((kind) => kind !== 'nobody').reduce(
        (sum, kind) => sum + addresses[kind].length,
        0,
      )
      if (loot.learnt !== all) throw new Error(`learnt ${loot.learnt} of ${all}`)
    },
    close: ({ api }) => api[Symbol.asyncDispose](),
  },
)
