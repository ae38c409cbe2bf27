import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startProvider } from '../support/sso-provider.ts'
import type { TestProvider } from '../support/sso-provider.ts'
import { PUBLIC_URL, startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { aPerson, join, signIn } from './people-fixture.ts'
import type { TestPerson } from './people-fixture.ts'

let api: ApiFixture
let provider: TestProvider
beforeAll(async () => {
  api = await startApi()
  provider = await startProvider(PUBLIC_URL, api.url)
})
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await sql('delete from detection.bucket')
})

const sql = (text: string, values: readonly unknown[] = []) =>
  api.database.pool('superuser').query(text, [...values])
let number = 0
const aDomain = (): string => `corp${(number += 1)}.test`

interface Team {
  readonly id: string
  readonly key: string
  readonly owner: TestPerson
  readonly domain: string
}

async function aTeam(): Promise<Team> {
  const workspace = await api.workspace()
  const domain = aDomain()
  const added = await api.call(workspace.key, 'POST', '/v1/domains', { name: domain })
  expect(added.status, added.text).toBe(201)
  return {
    ...workspace,
    domain,
    owner: await aPerson(api, { workspace: workspace.id, role: 'owner', factor: 'passkey' }),
  }
}

const connect = (team: Team, wish: Record<string, unknown> = {}): Promise<Answer> =>
  team.owner.call('PUT', '/v1/sso/connection', {
    issuer: provider.issuer,
    clientId: 'one',
    clientSecret: 'secret of one',
    domains: [team.domain],
    ...wish,
  })

const post = (path: string, body: unknown): Promise<Answer> => api.call('', 'POST', path, body)

async function finish(begun: Answer, change: Record<string, unknown> = {}): Promise<Answer> {
  expect(begun.status, begun.text).toBe(200)
  const back = await provider.follow(begun.body.url)
  return post('/v1/sso/finish', {
    code: back.get('code') ?? 'none',
    state: back.get('state') ?? 'none',
    ...(back.has('iss') ? { issuer: back.get('iss') } : {}),
    verifier: begun.body.verifier,
    transport: 'token',
    ...change,
  })
}

/** A connection that an owner has tried. */
async function connected(team: Team, wish: Record<string, unknown> = {}): Promise<void> {
  const made = await connect(team, wish)
  expect(made.status, made.text).toBe(200)
  await provider.be({ sub: 'owner', email: `owner@${team.domain}` })
  const tested = await finish(await team.owner.call('POST', '/v1/sso/connection/test', {}))
  expect([tested.status, tested.body.session, tested.body.testedWith], tested.text).toEqual([
    200,
    null,
    `owner@${team.domain}`,
  ])
}

async function logIn(
  team: Team,
  who: { sub: string; email: string; verified?: boolean },
  fresh = false,
): Promise<Answer> {
  await provider.be(who)
  return finish(await post('/v1/sso/start', { email: who.email, fresh }))
}

const requireSso = (who: { call: TestPerson['call'] }) =>
  who.call('PUT', '/v1/workspace/policy', { ssoRequired: true })

const as = (answer: Answer) => (method: string, path: string, body?: unknown) =>
  api.call(answer.body.session.token, method, path, body)

describe('single sign-on', () => {
  it('lets a newcomer of the domain in as what the connection says, and the same person the next time', async () => {
    const team = await aTeam()
    await connected(team, { defaultRole: 'marketer' })
    // Who has the provider speaks for every member: owners hear of the connection.
    expect((await team.owner.call('GET', '/v1/alerts')).body.data).toContainEqual(
      expect.objectContaining({ kind: 'sso.connected', severity: 'high' }),
    )
    const first = await logIn(team, { sub: 'ann', email: `Ann@${team.domain}` })
    expect([first.status, first.body.session?.factor, first.body.workspaceId], first.text).toEqual([
      200,
      'sso',
      team.id,
    ])
    expect((await as(first)('GET', '/v1/domains')).status).toBe(200)
    expect((await as(first)('POST', '/v1/domains', { name: 'y.test' })).body.code).toBe('missing_scope')
    const again = await logIn(team, { sub: 'ann', email: `ann@${team.domain}` })
    expect(again.status).toBe(200)
    expect((await team.owner.call('GET', '/v1/members')).body.data).toHaveLength(2)
  })

  it('opens its workspace and nothing else, not even the account of the person', async () => {
    const team = await aTeam()
    await connected(team, { defaultRole: 'analyst' })
    const elsewhere = await api.workspace()
    const ann = await aPerson(api, { email: `ann@${team.domain}`, workspace: elsewhere.id, role: 'owner' })
    const session = await logIn(team, { sub: 'ann', email: ann.email })
    expect(session.status, session.text).toBe(200)
    const ask = (path: string, workspace?: string) =>
      fetch(`${api.url}${path}`, {
        headers: {
          authorization: `Bearer ${session.body.session.token}`,
          ...(workspace === undefined ? {} : { 'bulkhead-workspace': workspace }),
        },
      })
    expect((await ask('/v1/messages', team.id)).status).toBe(200)
    expect((await ask('/v1/messages', elsewhere.id)).status).toBe(404)
    for (const path of ['/v1/account/workspaces', '/v1/factors', '/v1/sessions'])
      expect((await ask(path)).status, path).toBeGreaterThanOrEqual(400)
    expect((await ann.call('GET', '/v1/members', undefined, { workspace: elsewhere.id })).status).toBe(200)
  })

  it('takes verified addresses of the connected domains only, which must still be the workspace’s own', async () => {
    const team = await aTeam()
    await connected(team, { defaultRole: 'analyst' })
    const refused = async (who: Parameters<TestProvider['be']>[0]) => {
      await provider.be(who)
      return (await finish(await post('/v1/sso/start', { workspaceId: team.id }))).status
    }
    expect(await refused({ sub: 'a', email: `a@${team.domain}`, verified: false })).toBe(401)
    expect(await refused({ sub: 'a', email: 'a@other.test' })).toBe(401)
    expect(await refused({ sub: 'a', email: `a@sub.${team.domain}` })).toBe(401)
    expect(await refused({ sub: 'a', email: `a@${team.domain}`, domainOwnerVerified: false })).toBe(401)
    expect(await refused({ sub: 'a', email: `a@${team.domain}`, told: 'userinfo', verified: false })).toBe(
      401,
    )
    expect(await refused({ sub: 'a', email: 'a@other.test', told: 'userinfo' })).toBe(401)
    expect(await refused({ sub: 'a', email: `a@${team.domain}` })).toBe(200)
    // As Okta tells it, and as Entra does.
    expect(await refused({ sub: 'b', email: `b@${team.domain}`, told: 'userinfo' })).toBe(200)
    expect(await refused({ sub: 'c', email: `c@${team.domain}`, domainOwnerVerified: true })).toBe(200)
    await sql(`update sending_domain set state = 'failing' where name = $1`, [team.domain])
    expect(await refused({ sub: 'a', email: `a@${team.domain}` })).toBe(401)
    const other = await aTeam()
    const answer = await connect(other, { domains: [team.domain] })
    expect([answer.status, answer.body.errors[0].fix]).toEqual([
      400,
      expect.stringContaining(`_bulkhead-sso.${team.domain}`),
    ])
  })

  it('pins the account of the provider: an address that was given to somebody else opens nothing', async () => {
    const team = await aTeam()
    await connected(team, { defaultRole: 'analyst' })
    expect((await logIn(team, { sub: 'old', email: `desk@${team.domain}` })).status).toBe(200)
    const other = await logIn(team, { sub: 'new', email: `desk@${team.domain}` })
    expect([other.status, other.body.detail]).toEqual([401, expect.stringContaining('another account')])
    // Another address of the same account is the same person.
    expect((await logIn(team, { sub: 'old', email: `desk2@${team.domain}` })).status).toBe(200)
    expect((await team.owner.call('GET', '/v1/members')).body.data).toHaveLength(2)
  })

  it('lets nobody in who was removed or not invited, and who is invited as what the invitation says, but never as an owner', async () => {
    const team = await aTeam()
    await connected(team, { defaultRole: 'analyst' })
    await logIn(team, { sub: 'ann', email: `ann@${team.domain}` })
    const ann = (await team.owner.call('GET', '/v1/members')).body.data.find((row: { email: string }) =>
      row.email.startsWith('ann'),
    )
    expect((await team.owner.call('DELETE', `/v1/members/${ann.id}?credentials=keep`)).status).toBe(200)
    expect((await logIn(team, { sub: 'ann', email: `ann@${team.domain}` })).status).toBe(401)
    await connected(team, { defaultRole: null })
    expect((await logIn(team, { sub: 'bob', email: `bob@${team.domain}` })).status).toBe(401)
    await team.owner.call('POST', '/v1/invitations', { email: `bob@${team.domain}`, role: 'developer' })
    const bob = await logIn(team, { sub: 'bob', email: `bob@${team.domain}` })
    expect(bob.status, bob.text).toBe(200)
    expect((await as(bob)('GET', '/v1/api-keys')).status).toBe(200)
    await team.owner.call('POST', '/v1/invitations', { email: `eve@${team.domain}`, role: 'owner' })
    expect((await logIn(team, { sub: 'eve', email: `eve@${team.domain}` })).status).toBe(401)
    await team.owner.call('POST', '/v1/invitations', { email: `max@${team.domain}`, role: 'analyst' })
    await sql(
      `update invitation set role = 'admin' where account_index in (select account_index from invitation where role = 'analyst')`,
    )
    expect((await logIn(team, { sub: 'max', email: `max@${team.domain}` })).status).toBe(401)
  })

  it('comes back once, to the tab that began it, within ten minutes', async () => {
    const team = await aTeam()
    await connected(team, { defaultRole: 'analyst' })
    await provider.be({ sub: 'ann', email: `ann@${team.domain}` })
    const start = () => post('/v1/sso/start', { email: `x@${team.domain}` })
    const [mine, theirs] = [await start(), await start()]
    expect((await finish(mine, { verifier: theirs.body.verifier })).status).toBe(401)
    // Used up by the attempt.
    expect((await finish(mine)).status).toBe(401)
    const begun = await start()
    const back = await provider.follow(begun.body.url)
    const shown = {
      code: back.get('code'),
      state: back.get('state'),
      issuer: back.get('iss') ?? undefined,
      verifier: begun.body.verifier,
      transport: 'token',
    }
    const answers = await Promise.all([1, 2, 3].map(() => post('/v1/sso/finish', shown)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401])
    const late = await start()
    await sql(`update account.sso_state set expires_at = now()`)
    expect(
      (
        await post('/v1/sso/finish', {
          code: 'x',
          state: new URL(late.body.url).searchParams.get('state'),
          verifier: late.body.verifier,
        })
      ).status,
    ).toBe(401)
    const mixed = await start()
    expect((await finish(mixed, { issuer: 'https://evil.example' })).status).toBe(401)
  })

  it('begins with the same answer whether a provider is connected or not', async () => {
    const team = await aTeam()
    await connected(team)
    const untried = await aTeam()
    await connect(untried)
    const shapes = new Set<string>()
    for (const wish of [
      { email: `a@${team.domain}` },
      { email: `a@${untried.domain}` },
      { email: 'a@nowhere.test' },
      { email: 'no address' },
      { workspaceId: team.id },
      { workspaceId: untried.id },
      { workspaceId: 'ws_00000000000000000000000000' },
      { workspaceId: 'nonsense' },
    ]) {
      const { status, body } = await post('/v1/sso/start', wish)
      const url = body.url.replace(/state=[0-9A-Za-z]{43}$/, 'state=x')
      shapes.add(JSON.stringify([status, Object.keys(body), url, body.verifier.length]))
    }
    expect([...shapes]).toHaveLength(1)
    const nowhere = await post('/v1/sso/start', { email: 'a@nowhere.test' })
    expect((await provider.follow(nowhere.body.url)).get('error')).toBe('unavailable')
  })

  it('is strong only where the provider asked again', async () => {
    const team = await aTeam()
    await connected(team, { defaultRole: 'admin' })
    const who = { sub: 'ann', email: `ann@${team.domain}` }
    const plain = await logIn(team, who)
    expect(
      (await as(plain)('POST', '/v1/invitations', { email: 'x@people.test', role: 'analyst' })).body.code,
    ).toBe('step_up_required')
    const fresh = await logIn(team, who, true)
    expect(fresh.status, fresh.text).toBe(200)
    expect(
      (await as(fresh)('POST', '/v1/invitations', { email: 'x@people.test', role: 'analyst' })).status,
    ).toBe(201)
  })

  it('is connected by owners only, keeps its secret sealed, and ends its sessions with the connection', async () => {
    const team = await aTeam()
    const admin = await aPerson(api, { workspace: team.id, role: 'admin' })
    expect(
      (
        await admin.call('PUT', '/v1/sso/connection', {
          issuer: provider.issuer,
          clientId: 'one',
          clientSecret: 'x',
          domains: [team.domain],
        })
      ).body.code,
    ).toBe('missing_scope')
    expect((await connect(team, { issuer: 'http://idp.example' })).body.errors[0].field).toBe('issuer')
    expect((await connect(team, { issuer: 'http://127.0.0.1:9' })).status).toBe(400)
    await connected(team, { defaultRole: 'analyst' })
    const { rows } = await sql('select sealed_secret from sso_connection where workspace_id = $1', [
      decodeId('workspace', team.id),
    ])
    expect(rows[0]?.sealed_secret.includes(Buffer.from('secret of one'))).toBe(false)
    expect((await team.owner.call('GET', '/v1/sso/connection')).text).not.toContain('secret of one')
    const session = await logIn(team, { sub: 'ann', email: `ann@${team.domain}` })
    await sql(`update workspace_policy set sso_required = true where workspace_id = $1`, [
      decodeId('workspace', team.id),
    ])
    expect((await team.owner.call('PUT', '/v1/workspace/policy', { ssoRequired: true })).status).toBe(200)
    expect((await team.owner.call('DELETE', '/v1/sso/connection')).body.code).toBe('conflict')
    expect((await team.owner.call('PUT', '/v1/workspace/policy', { ssoRequired: false })).status).toBe(200)
    expect((await team.owner.call('DELETE', '/v1/sso/connection')).status).toBe(204)
    await expect
      .poll(async () => (await as(session)('GET', '/v1/messages')).status, { timeout: 1_000 })
      .toBe(401)
  })

  it('is made the only way by an owner with a passkey and a tried provider, and owners keep theirs', async () => {
    const team = await aTeam()
    expect((await requireSso(team.owner)).body.code).toBe('conflict')
    await connected(team, { defaultRole: 'analyst' })
    expect((await requireSso(await signIn(api, team.owner.id, { factor: 'totp' }))).body.code).toBe(
      'conflict',
    )
    const bob = await aPerson(api)
    await join(api, bob.id, team.id, 'developer')
    expect((await bob.call('GET', '/v1/messages')).status).toBe(200)
    expect((await requireSso(team.owner)).status).toBe(200)
    await expect
      .poll(async () => (await bob.call('GET', '/v1/messages')).body.code, { timeout: 1_000 })
      .toBe('second_factor_required')
    expect((await team.owner.call('GET', '/v1/messages')).status).toBe(200)
    expect(
      (await as(await logIn(team, { sub: 'ann', email: `ann@${team.domain}` }))('GET', '/v1/messages'))
        .status,
    ).toBe(200)
  })
})
