import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { aPerson } from '../flows/people-fixture.ts'
import type { TestPerson } from '../flows/people-fixture.ts'
import { alterFunction } from './altered-function.ts'
import { deviations, replay } from './replay.ts'

interface Place {
  readonly api: ApiFixture
  readonly owner: TestPerson
  readonly second: TestPerson
  readonly thief: TestPerson
}

interface World {
  /** Behind a proxy on this host, whose X-Forwarded-For counts. */
  readonly proxied: Place
  /** Without one: whoever connects writes the header himself. */
  readonly direct: Place
}

interface Loot {
  readonly outsideIn: readonly string[]
  readonly insideOut: readonly string[]
  readonly spoofedIn: readonly string[]
  readonly lockOut: Readonly<Record<string, string>>
}

const INSIDE = ['203.0.113.0/24', '2001:db8:1::/48', '198.51.100.7']
const HOME = '203.0.113.10'

/** Addresses as a proxy reports them, and what they are. */
const FROM_INSIDE = [
  HOME,
  '203.0.113.255',
  '::ffff:203.0.113.9',
  '2001:db8:1::9',
  '2001:0DB8:0001:0000::9',
  '2001:db8:1:ffff::1',
  '198.51.100.7',
]
const FROM_OUTSIDE = [
  '203.0.114.1',
  '198.51.100.8',
  '::ffff:198.51.100.8',
  '2001:db8:2::9',
  '2001:db8::1',
  '::1',
  '::203.0.113.10',
  '10.0.0.1',
]

async function startPlace(trustedProxies: readonly string[], isProtected: boolean): Promise<Place> {
  const api = await startApi({ trustedProxies })
  if (!isProtected) {
    await alterFunction(
      api.database,
      'find_session',
      `coalesce(y.allowed_cidrs::text[], '{}')`,
      `'{}'::text[]`,
    )
  }
  const { id: workspace } = await api.workspace()
  return {
    api,
    owner: await aPerson(api, { workspace, role: 'owner' }),
    second: await aPerson(api, { workspace, role: 'owner' }),
    thief: await aPerson(api, { workspace, role: 'developer' }),
  }
}

async function startWorld(isProtected: boolean): Promise<World> {
  return {
    proxied: await startPlace(['127.0.0.1', '::1'], isProtected),
    direct: await startPlace([], isProtected),
  }
}

const through = (forwarded: string) => ({ headers: { 'x-forwarded-for': forwarded } })

const put = (person: TestPerson, allowedCidrs: readonly string[], from: string) =>
  person.call('PUT', '/v1/workspace/policy', { allowedCidrs }, through(from))
const confirm = (person: TestPerson, from: string) =>
  person.call('POST', '/v1/workspace/policy/confirm', {}, through(from))

async function opens(person: TestPerson, forwarded: string): Promise<boolean> {
  const { status } = await person.call('GET', '/v1/messages?limit=1', undefined, through(forwarded))
  return status === 200
}

async function collect(
  addresses: readonly string[],
  test: (address: string) => Promise<boolean>,
): Promise<string[]> {
  const found: string[] = []
  for (const address of addresses) if (await test(address)) found.push(address)
  return found
}

replay<World, Loot>(
  {
    id: 'S-09',
    source: 'SendGrid 2015: ranges of addresses for the control panel [S:31]',
    attack:
      'a stolen session of a member, from outside of the networks of the workspace, with every header that claims otherwise',
    bound: 'opens nothing, in IPv4, IPv6 and IPv4 in IPv6; nobody locks himself or all others out',
    control: 'the database answers that the workspace has no networks: the session works from everywhere',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    async attack({ proxied, direct }) {
      const { owner, second, thief } = proxied
      // Lock-out: from outside of what he writes, an owner only asks for it; he himself, and others from outside, do not confirm it.
      const asked = await put(owner, INSIDE, '192.0.2.1')
      const lockOut: Record<string, string> = {
        asked: `${asked.status} ${asked.body.pending === null ? 'in force' : 'waits'}`,
        self: String((await confirm(owner, HOME)).body.code),
        outside: String((await confirm(second, '192.0.2.2')).body.code),
        member: String((await confirm(thief, HOME)).body.code),
      }
      const confirmed = await confirm(second, HOME)
      lockOut['second'] = String(confirmed.status)
      lockOut['networks'] = JSON.stringify(confirmed.body.allowedCidrs)
      const again = await confirm(second, HOME)
      lockOut['twice'] = String(again.body.code)
      const narrower = await put(owner, ['203.0.113.0/28'], HOME)
      lockOut['holds the own address'] = String(narrower.body.pending === null && narrower.status === 200)
      await put(owner, INSIDE, HOME)

      const outsideIn = await collect(FROM_OUTSIDE, (address) => opens(thief, address))
      const insideOut = await collect(FROM_INSIDE, async (address) => !(await opens(thief, address)))
      const spoofedIn = [
        // The client's own header comes first, what our proxy adds comes last.
        ...(await collect(
          [
            `${HOME}, 192.0.2.66`,
            `${HOME},${HOME}, 192.0.2.66`,
            '192.0.2.66',
            `127.0.0.1, 192.0.2.66`,
            'unknown',
          ],
          (chain) => opens(thief, chain),
        )),
      ]
      // Without a proxy no header counts: here the caller is 127.0.0.1, which is outside.
      await direct.owner.call('PUT', '/v1/workspace/policy', { allowedCidrs: INSIDE })
      const inside = await direct.api.database
        .pool('superuser')
        .query(`update workspace_policy set allowed_cidrs = $1::cidr[]`, [INSIDE])
      if (inside.rowCount !== 1) throw new Error('no policy')
      for (const headers of [
        { 'x-forwarded-for': HOME },
        { 'x-real-ip': HOME },
        { forwarded: `for=${HOME}` },
        { 'cf-connecting-ip': HOME },
        { 'true-client-ip': HOME },
        { 'x-client-ip': HOME },
      ]) {
        // Each from a session that nothing is remembered of.
        const answer = await direct.thief.call('GET', '/v1/messages?limit=1', undefined, { headers })
        if (answer.status === 200) spoofedIn.push(JSON.stringify(headers))
      }
      return { outsideIn, insideOut, spoofedIn, lockOut }
    },
    judge: (loot) => ({
      breaches: deviations(
        {
          'addresses outside that opened it': 0,
          'addresses inside that did not': 0,
          'headers that opened it': 0,
          lockOut: JSON.stringify({
            asked: '200 waits',
            self: 'conflict',
            outside: 'address_refused',
            member: 'missing_scope',
            second: '200',
            networks: JSON.stringify(['203.0.113.0/24', '2001:db8:1::/48', '198.51.100.7/32']),
            twice: 'conflict',
            'holds the own address': 'true',
          }),
        },
        {
          'addresses outside that opened it': loot.outsideIn.length,
          'addresses inside that did not': loot.insideOut.length,
          'headers that opened it': loot.spoofedIn.length,
          lockOut: JSON.stringify(loot.lockOut),
        },
      ),
      evidence: {
        addressesTried: FROM_OUTSIDE.length + FROM_INSIDE.length,
        outsideIn: loot.outsideIn.join(' ') || 'none',
        insideOut: loot.insideOut.join(' ') || 'none',
        spoofedIn: loot.spoofedIn.join(' ') || 'none',
      },
    }),
    succeeded(loot) {
      if (loot.outsideIn.length !== FROM_OUTSIDE.length || loot.spoofedIn.length < 6)
        throw new Error('without the networks every address should have opened it')
    },
    async close({ proxied, direct }) {
      await proxied.api[Symbol.asyncDispose]()
      await direct.api[Symbol.asyncDispose]()
    },
  },
)
