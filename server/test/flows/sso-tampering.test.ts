import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId, encodeId } from '../../src/kernel/ids.ts'
import { startProvider } from '../support/sso-provider.ts'
import type { TestProvider } from '../support/sso-provider.ts'
import { PUBLIC_URL, startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { aPerson } from './people-fixture.ts'
import type { TestPerson } from './people-fixture.ts'

let api: ApiFixture
let provider: TestProvider
let evil: TestProvider
beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
  provider = await startProvider(PUBLIC_URL, api.url)
  evil = await startProvider(PUBLIC_URL, api.url)
})
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
  await evil[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const sql = (text: string, values: readonly unknown[] = []) =>
  api.database.pool('superuser').query(text, [...values])

interface Team {
  readonly workspace: string
  readonly domain: string
  readonly owner: TestPerson
}

async function logIn(via: TestProvider, begun: Answer): Promise<Answer> {
  const back = await via.follow(begun.body.url)
  return api.call('', 'POST', '/v1/sso/finish', {
    code: back.get('code') ?? 'none',
    state: back.get('state') ?? 'none',
    ...(back.has('iss') ? { issuer: back.get('iss') } : {}),
    verifier: begun.body.verifier,
    transport: 'token',
  })
}

async function as(via: TestProvider, who: { sub: string; email: string }): Promise<Answer> {
  await sql('delete from detection.bucket')
  await via.be(who)
  return logIn(via, await api.call('', 'POST', '/v1/sso/start', { email: who.email }))
}

/** A workspace with a tried provider; its owner has an address of the domain. */
async function aTeam(): Promise<Team> {
  const workspace = await api.workspace()
  const domain = `t${randomUUID().slice(0, 8)}.test`
  const added = await api.call(workspace.key, 'POST', '/v1/domains', { name: domain })
  expect(added.status, added.text).toBe(201)
  const owner = await aPerson(api, { email: `boss@${domain}`, workspace: workspace.id, role: 'owner' })
  const team = { workspace: decodeId('workspace', workspace.id) ?? '', domain, owner }
  await connectAnew(team)
  return team
}

async function connectAnew({ owner, domain }: Team): Promise<void> {
  const made = await owner.call('PUT', '/v1/sso/connection', {
    issuer: provider.issuer,
    clientId: 'one',
    clientSecret: 'secret of one',
    domains: [domain],
    defaultRole: 'analyst',
  })
  expect(made.status, made.text).toBe(200)
  await provider.be({ sub: `boss ${domain}`, email: `boss@${domain}` })
  const tested = await logIn(provider, await owner.call('POST', '/v1/sso/connection/test', {}))
  expect(tested.status, tested.text).toBe(200)
}

describe('whoever writes to the database', () => {
  it('puts no provider of his own in the place of the connected one, and has no secret sent to it', async () => {
    const team = await aTeam()
    await sql('update sso_connection set issuer = $2 where workspace_id = $1', [team.workspace, evil.issuer])
    expect((await as(evil, { sub: 'eve', email: team.owner.email })).status).toBe(401)
  })

  it('lets the provider speak for no other domains, and for no other role', async () => {
    const [team, other] = [await aTeam(), await aTeam()]
    await sql('update sso_connection set domains = domains || $2::text where workspace_id = $1', [
      team.workspace,
      other.domain,
    ])
    expect((await as(provider, { sub: 'ann', email: `ann@${team.domain}` })).status).toBe(401)
    await sql(`update sso_connection set default_role = 'admin' where workspace_id = $1`, [other.workspace])
    expect((await as(provider, { sub: 'bob', email: `bob@${other.domain}` })).status).toBe(401)
  })

  it('makes nobody’s account at the provider somebody else’s here', async () => {
    const team = await aTeam()
    const bob = { sub: `bob ${team.domain}`, email: `bob@${team.domain}` }
    expect((await as(provider, bob)).status).toBe(200)
    await sql('update sso_identity set person_id = $2 where workspace_id = $1', [
      team.workspace,
      team.owner.id,
    ])
    expect((await as(provider, bob)).status).toBe(401)
  })

  it('gives nobody’s address to somebody else', async () => {
    const team = await aTeam()
    const eve = await aPerson(api, { email: `eve@${team.domain}` })
    await sql('update account.person set email_index = email_index || $2 where id = $1', [
      eve.id,
      Buffer.from('x'),
    ])
    await sql(
      `update account.person o set email_index = substring(e.email_index for length(e.email_index) - 1)
       from account.person e where o.id = $1 and e.id = $2`,
      [team.owner.id, eve.id],
    )
    expect((await as(provider, { sub: `eve ${team.domain}`, email: eve.email })).status).toBe(401)
  })
})

const secondOwner = async (team: Team) => {
  const email = `second@${team.domain}`
  const owner = await aPerson(api, {
    email,
    workspace: encodeId('workspace', team.workspace),
    role: 'owner',
  })
  const session = async () => {
    await sql('delete from detection.bucket')
    await provider.be({ sub: `second ${team.domain}`, email })
    const begun = await api.call('', 'POST', '/v1/sso/start', { email, fresh: true })
    const { token } = (await logIn(provider, begun)).body.session
    return (method: string, path: string, body: unknown) => api.call(token, method, path, body)
  }
  return { owner, session }
}
const contained = async (team: Team): Promise<string> => {
  const made = await team.owner.call('POST', '/v1/containments', {
    capabilities: ['webhook'],
    actorClass: 'sender',
    reason: 'a drill',
  })
  expect(made.status, made.text).toBe(201)
  const path = `/v1/containments/${made.body.id}`
  expect((await team.owner.call('POST', `${path}/request-lift`, { reason: 'over' })).status).toBe(200)
  return `${path}/lift`
}

describe('whoever has the provider', () => {
  it('is not a second person of a lift, unless it was connected before the containment', async () => {
    const team = await aTeam()
    const second = await secondOwner(team)
    const first = await contained(team)
    expect((await (await second.session())('POST', first, { reason: 'over' })).status).toBe(200)
    const path = await contained(team)
    await connectAnew(team)
    const vouched = await second.session()
    expect((await vouched('POST', path, { reason: 'over' })).body.code).toBe('lift_refused')
    expect((await second.owner.call('POST', path, { reason: 'over' })).status).toBe(200)
  })

  it('is no second owner who confirms a policy', async () => {
    const team = await aTeam()
    const second = await secondOwner(team)
    const asked = await team.owner.call('PUT', '/v1/workspace/policy', {
      allowedCidrs: ['203.0.113.0/24', '127.0.0.2/32'],
    })
    expect(asked.body.pending, asked.text).not.toBe(null)
    const answer = await (await second.session())('POST', '/v1/workspace/policy/confirm', {})
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([
      409,
      'conflict',
      expect.stringContaining('your own'),
    ])
  })
})

describe('who begins log-ins that he never goes on with', () => {
  it('is slowed for the whole of his network, however many addresses he has in it', async () => {
    await sql('delete from detection.bucket')
    const answers = await Promise.all(
      Array.from({ length: 300 }, async (_none, n) => {
        const { status } = await fetch(`${api.url}/v1/sso/start`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'x-forwarded-for': `2001:db8:7:${n.toString(16)}::1`,
          },
          body: JSON.stringify({ email: 'a@nowhere.test' }),
        })
        return status
      }),
    )
    expect(answers.filter((status) => status === 429).length).toBeGreaterThan(20)
  })
})
