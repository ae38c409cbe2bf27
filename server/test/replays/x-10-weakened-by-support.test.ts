import { encodeId } from '../../src/kernel/ids.ts'
import { apiOperations } from '../../src/surfaces/api/registry.ts'
import { staffApiOperations } from '../../src/surfaces/staff-api/registry.ts'
import { OPERATOR_SCOPES } from '../../src/security/access/scopes.ts'
import { aClient, age, kindsTo, linkIn, tokenOf } from '../flows/accounts-fixture.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'
import { aPerson, lettersTo } from '../support/people.ts'
import type { TestPerson } from '../support/people.ts'
import { alterFunction } from './altered-function.ts'
import { deviations, replay } from './replay.ts'

const DAYS = 4

interface Target {
  readonly person: TestPerson
  readonly others: readonly TestPerson[]
}

interface World {
  readonly api: ApiFixture
  readonly dns: DnsServer
  /** The only owner of a workspace with a domain, and one of several owners. */
  readonly alone: Target
  readonly amongOthers: Target
}

interface Loot {
  /** Operations of staff and operator that make, change or drop what people sign in with, by what they are called and where they are. */
  readonly waysForSupport: string
  readonly operationsOfSupport: number
  readonly factorsDropped: number
  readonly sessionsMade: number
  readonly linksSent: number
  readonly operatorRefusedWhereOthersAre: boolean
  /** Letters to each of the two people, and to each of the others, at least; in four days. */
  readonly lettersToPersonMin: number
  readonly lettersToOthersMin: number
  readonly alarms: number
  readonly recordedMin: number
}

async function startWorld(isProtected: boolean): Promise<World> {
  const dns = await startDnsServer()
  const api = await startApi({ trustedProxies: ['127.0.0.1'], dnsServers: [dns.address] })
  if (!isProtected) {
    await alterFunction(
      api.database,
      'recovery_ready',
      'and not exists (select from engine.recovery_needs(r.id) n where n.given < n.needed)',
      '',
    )
  }
  const target = async (others: number): Promise<Target> => {
    const workspace = await api.workspace('Shop')
    const memberOf = [{ workspace: workspace.id, role: 'owner' }]
    const person = await aPerson(api, { totp: true, memberOf })
    const name = `${person.email.split('@')[0]}.test`
    const answer = await api.call(workspace.key, 'POST', '/v1/domains', { name })
    if (answer.status !== 201) throw new Error(answer.text)
    return {
      person,
      others: await Promise.all(Array.from({ length: others }, () => aPerson(api, { totp: true, memberOf }))),
    }
  }
  return { api, dns, alone: await target(0), amongOthers: await target(2) }
}

/** What support has: the operator's key; what the attacker has: mailbox and password. Together they wait four days. */
async function attack({ api, alone, amongOthers }: World): Promise<Loot> {
  let operatorRefusedWhereOthersAre = false
  let sessionsMade = 0
  let linksSent = 0
  for (const { person } of [alone, amongOthers]) {
    const at = aClient(api)
    await at.call('POST', '/v1/recovery', { email: person.email })
    const token = await linkIn(api, person.email, 'recovery_asked')
    const { body: begun } = await at.call('POST', '/v1/recovery/confirm', { token })
    await api.accountLoop.settle()
    for (let day = 0; day < DAYS; day++) {
      const path = `/v1/people/recoveries/${begun.id}/approve`
      const approved = await api.call(api.operatorKey, 'POST', path)
      if (person === amongOthers.person) operatorRefusedWhereOthersAre = approved.status === 409
      await everythingOfSupport(api, person, begun.id)
      await age(api, begun.id, 25)
      await api.accountLoop.settle()
      await api.accountLoop.settle()
    }
    // With every link that lies in the mailbox.
    for (const letter of await lettersTo(api, person.email)) {
      const found = tokenOf(letter.text)
      if (letter.kind === 'recovery_ready') linksSent += 1
      if (found === null || letter.kind === 'recovery_started') continue
      const done = await at.call('POST', '/v1/recovery/complete', { token: found, password: person.password })
      if (done.status === 200) sessionsMade += 1
    }
  }
  const people = [alone.person, amongOthers.person]
  const states = await Promise.all(people.map((person) => api.persons.factors.state(person.id)))
  const sql = api.database.pool('superuser')
  const count = async (text: string, values: readonly unknown[]): Promise<number> =>
    (await sql.query<{ n: number }>(text, values)).rows[0]?.n ?? 0
  const ids = people.map((person) => person.id)
  const told = async (person: TestPerson, kind: string) =>
    (await kindsTo(api, person.email)).filter((each) => each === kind).length
  return {
    waysForSupport: waysForSupport().join(', '),
    operationsOfSupport: ofSupport().length,
    factorsDropped: states.filter(({ totp }) => totp === null).length,
    sessionsMade,
    linksSent,
    operatorRefusedWhereOthersAre,
    lettersToPersonMin: Math.min(
      ...(await Promise.all(people.map((person) => told(person, 'recovery_started')))),
    ),
    lettersToOthersMin: Math.min(
      ...(await Promise.all(amongOthers.others.map((person) => told(person, 'security_alert')))),
    ),
    alarms: await count(
      `select count(distinct person_id)::int as n from security_alert where kind = 'recovery.started' and person_id = any($1)`,
      [ids],
    ),
    recordedMin: await count(
      `select count(distinct actor)::int as n from audit_outbox where action = 'person.recovery_started' and actor = any($1)`,
      [ids.map((id) => `member:${id}`)],
    ),
  }
}

/** Every operation of the operator that takes a person or a recovery, with these. */
async function everythingOfSupport(api: ApiFixture, person: TestPerson, recovery: string): Promise<void> {
  for (const operation of ofSupport()) {
    if (!/\{(?:personId|recoveryId)\}/.test(operation.path)) continue
    const path = operation.path
      .replace('{personId}', encodeId('person', person.id))
      .replace('{recoveryId}', recovery)
    // The last of them lets in whom an earlier one has suspended.
    await api.call(api.operatorKey, operation.method, path)
  }
  await api.call(api.operatorKey, 'POST', `/v1/people/${encodeId('person', person.id)}/enable`)
}

function ofSupport(): { id: string; method: string; path: string }[] {
  const operators: readonly string[] = OPERATOR_SCOPES
  return [...apiOperations.filter(({ scope }) => operators.includes(scope)), ...staffApiOperations].map(
    ({ id, method, path }) => ({ id, method, path }),
  )
}

/** The route inventory: what support may call and whose name speaks of what people sign in with. */
function waysForSupport(): string[] {
  return ofSupport()
    .filter(({ id, path }) =>
      /factor|totp|passkey|password|reset|recover|session|log-in|email|impersonat/i.test(`${id} ${path}`),
    )
    .map(({ id }) => id)
    .sort((a, b) => a.localeCompare(b))
}

replay<World, Loot>(
  {
    id: 'X-10',
    source: 'design §4',
    attack:
      'support, with the operator’s key, and an attacker with mailbox and password of the only owner of a workspace and of one of three owners → drop the second factor',
    bound:
      'no factor is dropped and no session is made without the others of the workspace, or its DNS; the person is told on each of four days, and so are all who could approve; support has no operation that drops, resets or signs in',
    control:
      'time and the operator are enough without others and without DNS: the factors go and sessions are made',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    attack,
    judge: (loot) => ({
      breaches: [
        ...deviations(
          {
            waysForSupport: 'people.approveRecovery, people.recoveries',
            factorsDropped: 0,
            sessionsMade: 0,
            linksSent: 0,
            operatorRefusedWhereOthersAre: true,
            alarms: 2,
            recordedMin: 2,
          },
          { ...loot },
        ),
        ...(loot.lettersToPersonMin >= DAYS ? [] : [`the person got ${loot.lettersToPersonMin} letters`]),
        ...(loot.lettersToOthersMin >= DAYS ? [] : [`others got ${loot.lettersToOthersMin} letters`]),
      ],
      evidence: {
        operationsOfSupport: loot.operationsOfSupport,
        factorsDropped: loot.factorsDropped,
        sessionsMade: loot.sessionsMade,
        linksSent: loot.linksSent,
        lettersToPersonMin: loot.lettersToPersonMin,
        lettersToOthersMin: loot.lettersToOthersMin,
        alarms: loot.alarms,
      },
    }),
    succeeded(loot) {
      if (loot.factorsDropped === 0 || loot.sessionsMade === 0) throw new Error(JSON.stringify(loot))
    },
    async close({ api, dns }) {
      await api[Symbol.asyncDispose]()
      await dns.close()
    },
  },
)
