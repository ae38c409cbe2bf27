import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROLES } from '../../src/security/access/index.ts'
import type { Role } from '../../src/security/access/index.ts'
import { refusalOf } from '../../src/modules/members/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { aPerson, join, signIn } from './people-fixture.ts'
import type { TestPerson } from './people-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

interface Team {
  readonly id: string
  readonly key: string
  readonly of: Readonly<Record<Role, TestPerson>>
}

async function aTeam(): Promise<Team> {
  const workspace = await api.workspace()
  const people = await Promise.all(
    ROLES.map(async (role) => [role, await aPerson(api, { workspace: workspace.id, role })] as const),
  )
  return { ...workspace, of: Object.fromEntries(people) as Record<Role, TestPerson> }
}

const memberOf = (person: TestPerson): string => `/v1/members/${person.member}`

describe('members', () => {
  it('see each other with address, role and rights, and nobody of another workspace', async () => {
    const team = await aTeam()
    await aTeam()
    const { body } = await team.of.auditor.call('GET', '/v1/members')
    expect(body.data.map((row: { role: Role; email: string }) => `${row.role} ${row.email}`).sort()).toEqual(
      ROLES.map((role) => `${role} ${team.of[role].email}`).sort(),
    )
    expect((await team.of.analyst.call('GET', '/v1/members')).status).toBe(403)
    expect((await api.call(team.key, 'GET', '/v1/members')).status).toBe(403)
    const stranger = (await aTeam()).of.owner
    expect((await team.of.owner.call('GET', memberOf(stranger))).body.code).toBe('not_found')
    expect((await team.of.owner.call('PATCH', memberOf(stranger), { role: 'admin' })).body.code).toBe(
      'not_found',
    )
  })

  it('are made and unmade owners by owners only, and one owner always stays', async () => {
    const team = await aTeam()
    const { owner, admin, developer } = team.of
    expect((await admin.call('PATCH', memberOf(developer), { role: 'owner' })).status).toBe(403)
    expect((await admin.call('PATCH', memberOf(owner), { role: 'analyst' })).status).toBe(403)
    expect((await admin.call('DELETE', `${memberOf(owner)}?credentials=keep`)).status).toBe(403)
    expect((await admin.call('POST', `${memberOf(owner)}/end-sessions`, { reason: 'x' })).status).toBe(403)
    const alone = await owner.call('PATCH', memberOf(owner), { role: 'admin' })
    expect([alone.status, alone.body.code]).toEqual([409, 'conflict'])
    expect((await owner.call('DELETE', `${memberOf(owner)}?credentials=keep`)).status).toBe(409)
    expect((await owner.call('DELETE', `/v1/account/workspaces/${team.id}`)).status).toBe(409)
    expect((await owner.call('PATCH', memberOf(admin), { role: 'owner' })).body.role).toBe('owner')
    expect((await owner.call('DELETE', `/v1/account/workspaces/${team.id}`)).status).toBe(204)
    expect((await admin.call('GET', '/v1/members')).body.data).toHaveLength(5)
  })

  it('who leave at the same moment do not leave the workspace without an owner', async () => {
    const { id } = await api.workspace()
    const two = [
      await aPerson(api, { workspace: id, role: 'owner' }),
      await aPerson(api, { workspace: id, role: 'owner' }),
    ]
    const answers = await Promise.all(
      two.map((person) => person.call('DELETE', `/v1/account/workspaces/${id}`)),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409])
  })

  it('never raise themselves, and give nobody what they lack', async () => {
    const team = await aTeam()
    const made = await team.of.owner.call('POST', '/v1/permission-sets', {
      name: 'People',
      scopes: [
        'members:read',
        'members:write',
        'messages:read',
        'workspace:read',
        'domains:read',
        'senders:read',
        'suppressions:read',
        'broadcasts:read',
        'templates:read',
        'operations:read',
      ],
    })
    expect(made.status, made.text).toBe(201)
    const hr = await aPerson(api, { workspace: team.id, role: 'analyst' })
    expect((await team.of.owner.call('PATCH', memberOf(hr), { permissionSetId: made.body.id })).status).toBe(
      200,
    )
    const as = await signIn(api, hr.id)
    expect((await as.call('PATCH', memberOf(hr), { role: 'admin' })).status).toBe(403)
    expect((await as.call('PATCH', memberOf(hr), { role: 'analyst' })).status).toBe(200)
    expect((await team.of.owner.call('PATCH', memberOf(hr), { permissionSetId: made.body.id })).status).toBe(
      200,
    )
    const again = await signIn(api, hr.id)
    for (const role of ['admin', 'developer', 'owner'])
      expect((await again.call('PATCH', memberOf(team.of.analyst), { role })).status, role).toBe(403)
    expect((await again.call('DELETE', `${memberOf(team.of.developer)}?credentials=keep`)).status).toBe(403)
    expect(
      (await again.call('POST', '/v1/permission-sets', { name: 'More', scopes: ['messages:send'] })).status,
    ).toBe(403)
    expect(
      (
        await again.call('PATCH', `/v1/permission-sets/${made.body.id}`, {
          scopes: ['members:write', 'audit:read'],
        })
      ).status,
    ).toBe(403)
    expect(
      (await again.call('POST', '/v1/invitations', { email: 'x@people.test', role: 'developer' })).status,
    ).toBe(403)
    expect((await again.call('DELETE', `${memberOf(team.of.analyst)}?credentials=keep`)).status).toBe(200)
  })

  it('who are removed can do nothing within a second, their live stream ends, and their keys do as the remover said', async () => {
    const team = await aTeam()
    const { owner, developer } = team.of
    const key = (await developer.call('POST', '/v1/api-keys', { name: 'mine', scopes: ['messages:read'] }))
      .body.key
    expect((await api.call(key, 'GET', '/v1/messages')).status).toBe(200)
    const stream = await fetch(`${api.url}/v1/events/stream`, {
      headers: { authorization: `Bearer ${developer.token}` },
    })
    const ended = stream.text()
    const removed = await owner.call('DELETE', `${memberOf(developer)}?credentials=revoke`)
    const since = performance.now()
    expect([removed.status, removed.body]).toEqual([200, { credentials: 1 }])
    await expect
      .poll(async () => (await developer.call('GET', '/v1/messages')).status, {
        interval: 20,
        timeout: 1_000,
      })
      .toBe(400)
    await expect
      .poll(async () => (await api.call(key, 'GET', '/v1/messages')).status, { interval: 20, timeout: 1_000 })
      .toBe(401)
    expect(await ended).toContain('unauthenticated')
    expect(performance.now() - since).toBeLessThan(1_000)
    expect((await developer.call('GET', '/v1/messages', undefined, { workspace: team.id })).status).toBe(404)
  })

  it('have sessions that owners see and end, for this workspace only', async () => {
    const team = await aTeam()
    const elsewhere = await api.workspace()
    const { owner, marketer } = team.of
    await join(api, marketer.id, elsewhere.id, 'marketer')
    const other = await signIn(api, marketer.id, { factor: 'passkey' })
    const { body } = await owner.call('GET', `${memberOf(marketer)}/sessions`)
    expect(body.data.map((row: { factor: string }) => row.factor).sort()).toEqual(['passkey', 'totp'])
    const passkey = body.data.find((row: { factor: string }) => row.factor === 'passkey')
    expect((await owner.call('DELETE', `${memberOf(marketer)}/sessions/${passkey.id}`)).status).toBe(204)
    await expect
      .poll(async () => (await other.call('GET', '/v1/domains', undefined, { workspace: team.id })).status, {
        timeout: 1_000,
      })
      .toBe(401)
    expect(
      (await owner.call('POST', `${memberOf(marketer)}/end-sessions`, { reason: 'a drill' })).status,
    ).toBe(204)
    await expect
      .poll(
        async () => (await marketer.call('GET', '/v1/domains', undefined, { workspace: team.id })).status,
        { timeout: 1_000 },
      )
      .toBe(404)
    expect((await marketer.call('GET', '/v1/domains', undefined, { workspace: elsewhere.id })).status).toBe(
      200,
    )
    expect((await team.of.auditor.call('GET', `${memberOf(marketer)}/sessions`)).status).toBe(403)
  })

  it('need to have shown their second factor lately for what changes people', async () => {
    const team = await aTeam()
    await api.database
      .pool('superuser')
      .query(`update account.session set strong_at = now() - interval '6 minutes' where person_id = $1`, [
        team.of.owner.id,
      ])
    for (const [method, path, body] of [
      ['PATCH', memberOf(team.of.analyst), { role: 'marketer' }],
      ['DELETE', `${memberOf(team.of.analyst)}?credentials=keep`, undefined],
      ['POST', '/v1/invitations', { email: 'x@people.test', role: 'analyst' }],
      ['POST', '/v1/permission-sets', { name: 'x', scopes: ['messages:read'] }],
    ] as const) {
      const answer = await team.of.owner.call(method, path, body)
      expect([answer.body?.code, answer.body?.maxAgeSeconds], path).toEqual(['step_up_required', 300])
    }
    expect((await team.of.owner.call('GET', '/v1/members')).status).toBe(200)
  })
})

const as = (role: Role) => ({ role, setScopes: null })
const self = (from: Role, to: Role): string | null =>
  refusalOf(as(from), { ...as(from), isActor: true }, as(to))

describe('the rules about rights', () => {
  it('hold for every pair of roles: only owners touch owners, nobody gives or takes what he lacks, nobody raises himself', () => {
    for (const actor of ROLES)
      for (const target of ROLES)
        for (const next of [...ROLES, null]) {
          const refusal = refusalOf(
            as(actor),
            { ...as(target), isActor: false },
            next === null ? null : as(next),
          )
          const isAllowed = refusal === null
          // Those below admin have no members:write; the rule alone lets them touch who is not above them.
          if (actor === 'owner') expect(isAllowed, `${actor} ${target} ${next}`).toBe(true)
          else if (target === 'owner' || next === 'owner')
            expect(isAllowed, `${actor} ${target} ${next}`).toBe(false)
          else if (actor === 'admin') expect(isAllowed, `${actor} ${target} ${next}`).toBe(true)
          else if (target === 'admin' || next === 'admin')
            expect(isAllowed, `${actor} ${target} ${next}`).toBe(false)
        }
    expect(self('admin', 'owner')).toMatch(/only an owner/)
    expect(self('developer', 'admin')).toMatch(/raises the own rights/)
    expect(self('admin', 'analyst')).toBeNull()
  })
})

describe('permission sets', () => {
  it('hold at the next request of who has them, and are not deleted while somebody has one', async () => {
    const team = await aTeam()
    const { owner, analyst } = team.of
    const set = (
      await owner.call('POST', '/v1/permission-sets', { name: 'Reader', scopes: ['messages:read'] })
    ).body
    expect(
      (await owner.call('POST', '/v1/permission-sets', { name: 'Reader', scopes: ['messages:read'] })).status,
    ).toBe(409)
    await owner.call('PATCH', memberOf(analyst), { permissionSetId: set.id })
    await expect
      .poll(async () => (await analyst.call('GET', '/v1/domains')).status, { timeout: 1_000 })
      .toBe(403)
    expect((await analyst.call('GET', '/v1/messages')).status).toBe(200)
    await owner.call('PATCH', `/v1/permission-sets/${set.id}`, { scopes: ['domains:read'] })
    await expect
      .poll(async () => (await analyst.call('GET', '/v1/domains')).status, { timeout: 1_000 })
      .toBe(200)
    expect((await analyst.call('GET', '/v1/messages')).status).toBe(403)
    expect((await owner.call('DELETE', `/v1/permission-sets/${set.id}`)).status).toBe(409)
    await owner.call('PATCH', memberOf(analyst), { role: 'analyst' })
    expect((await owner.call('DELETE', `/v1/permission-sets/${set.id}`)).status).toBe(204)
    const foreign = (await aTeam()).of.owner
    const theirs = (
      await foreign.call('POST', '/v1/permission-sets', { name: 'x', scopes: ['messages:read'] })
    ).body
    expect((await owner.call('PATCH', memberOf(analyst), { permissionSetId: theirs.id })).status).toBe(400)
  })
})
