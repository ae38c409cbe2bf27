import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { ROLE_SCOPES, ROLES } from '../../src/security/access/index.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { aPerson } from './people-fixture.ts'
import type { TestPerson } from './people-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

type Caller = (method: string, path: string, body?: unknown) => Promise<Answer>

const wish = { capabilities: ['webhook'], actorClass: 'sender', reason: 'a drill' }
const contain = async (call: Caller, more: Record<string, unknown> = {}): Promise<string> => {
  const made = await call('POST', '/v1/containments', { ...wish, ...more })
  expect(made.status, made.text).toBe(201)
  return made.body.id
}
const request = (call: Caller, id: string) =>
  call('POST', `/v1/containments/${id}/request-lift`, { reason: 'over' })
const lift = (call: Caller, id: string) => call('POST', `/v1/containments/${id}/lift`, { reason: 'over' })

async function keyOf(call: Caller): Promise<Caller> {
  const { body, text } = await call('POST', '/v1/api-keys', {
    name: 'x',
    scopes: ['containments:write', 'containments:read'],
  })
  expect(body.key, text).toBeTypeOf('string')
  return (method, path, content) => api.call(body.key, method, path, content)
}

async function aTeam(...roles: ('owner' | 'developer' | 'analyst')[]) {
  const workspace = await api.workspace()
  const people: TestPerson[] = []
  for (const role of roles) people.push(await aPerson(api, { workspace: workspace.id, role }))
  const first: Caller = (method, path, body) => api.call(workspace.key, method, path, body)
  return { ...workspace, first, people }
}

describe('a containment among people', () => {
  it('is made and lifted by two people, who both were there before', async () => {
    const { people, id: workspace } = await aTeam('owner', 'developer')
    const [ann, bob] = people as [TestPerson, TestPerson]
    const id = await contain(ann.call)
    const carl = await aPerson(api, { workspace, role: 'owner' })
    expect((await request(carl.call, id)).body.code).toBe('lift_refused')
    expect((await request(ann.call, id)).status).toBe(200)
    expect((await lift(ann.call, id)).body.code).toBe('lift_refused')
    expect((await lift(carl.call, id)).body.code).toBe('lift_refused')
    const lifted = await lift(bob.call, id)
    expect([lifted.status, lifted.body.state]).toEqual([200, 'lifted'])
    expect(lifted.body.approvals.map(({ actor }: { actor: string }) => actor)).toEqual([
      encodeId('person', ann.id),
      encodeId('person', bob.id),
    ])
  })

  it('counts a key as whoever made it, and keys that nobody made not at all, where there are two people', async () => {
    const { first, people } = await aTeam('owner', 'developer')
    const [ann, bob] = people as [TestPerson, TestPerson]
    const [annKey, annOther, bobKey, machine] = [
      await keyOf(ann.call),
      await keyOf(ann.call),
      await keyOf(bob.call),
      await keyOf(first),
    ]
    const id = await contain(first)
    expect((await request(machine, id)).body.code).toBe('lift_refused')
    expect((await request(annKey, id)).status).toBe(200)
    for (const same of [annKey, annOther, ann.call, machine, first])
      expect((await lift(same, id)).body.code).toBe('lift_refused')
    expect((await lift(bobKey, id)).status).toBe(200)
  })

  it('does not become liftable by removing the others or by two keys of one', async () => {
    const { people } = await aTeam('owner', 'owner')
    const [ann, bob] = people as [TestPerson, TestPerson]
    const [one, two] = [await keyOf(ann.call), await keyOf(ann.call)]
    const id = await contain(bob.call)
    expect((await ann.call('DELETE', `/v1/members/${bob.member}?credentials=revoke`)).status).toBe(200)
    expect((await request(one, id)).status).toBe(200)
    for (const same of [two, ann.call]) expect((await lift(same, id)).body.code).toBe('lift_refused')
  })

  it('stays a matter of two keys where the workspace has one person or none', async () => {
    const none = await aTeam()
    const other = await keyOf(none.first)
    const id = await contain(none.first)
    expect((await request(none.first, id)).status).toBe(200)
    expect((await lift(other, id)).status).toBe(200)
    const one = await aTeam('owner', 'analyst')
    const [ann, reader] = one.people as [TestPerson, TestPerson]
    const alone = await contain(ann.call)
    expect((await request(reader.call, alone)).body.code).toBe('missing_scope')
    expect((await request(one.first, alone)).status).toBe(200)
    expect((await lift(ann.call, alone)).status).toBe(200)
  })

  it('binds one person, and that person cannot lift it, with a key neither', async () => {
    const { people, first } = await aTeam('owner', 'developer', 'developer')
    const [ann, bob, carl] = people as [TestPerson, TestPerson, TestPerson]
    const key = await keyOf(carl.call)
    expect((await contain(ann.call, { credential: encodeId('person', ann.id) })).length).toBeGreaterThan(0)
    const id = await contain(ann.call, {
      credential: encodeId('person', carl.id),
      capabilities: ['write', 'send', 'credential'],
      actorClass: 'any',
    })
    expect((await carl.call('POST', '/v1/suppressions', { email: 'x@example.com' })).body.code).toBe(
      'contained',
    )
    expect((await bob.call('POST', '/v1/suppressions', { email: 'x@example.com' })).status).toBe(201)
    expect((await first('POST', '/v1/suppressions', { email: 'y@example.com' })).status).toBe(201)
    for (const own of [carl.call, key]) expect((await request(own, id)).body.code).toBe('lift_refused')
    const stranger = (await aTeam('owner')).people[0]!
    const foreign = await ann.call('POST', '/v1/containments', {
      ...wish,
      credential: encodeId('person', stranger.id),
    })
    expect(foreign.body.code).toBe('not_found')
    expect((await request(stranger.call, id)).body.code).toBe('not_found')
  })

  it('judges in the database the roles that may lift as the roles say', async () => {
    for (const role of ROLES) {
      const workspace = await api.workspace()
      await aPerson(api, { workspace: workspace.id, role })
      const { rows } = await api.database
        .pool('superuser')
        .query<{ count: number }>(
          `select engine.people_who_lift(m.workspace_id, clock_timestamp()) as count from member m where m.role = $1 order by m.created_at desc limit 1`,
          [role],
        )
      expect([role, rows[0]?.count]).toEqual([role, ROLE_SCOPES[role].includes('containments:write') ? 1 : 0])
    }
  })
})
