import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId, encodeId } from '../../src/kernel/ids.ts'
import {
  createCredentialPepper,
  createPeopleAccess,
  membershipDigest,
  permissionSetDigest,
} from '../../src/security/access/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { aPerson, signIn } from './people-fixture.ts'
import type { TestPerson } from './people-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const rowsOf = async (text: string, values: readonly unknown[] = []) =>
  (await api.database.pool('superuser').query<Record<string, unknown>>(text, [...values])).rows

/** As whoever owns the database: no trigger, no policy and no announcement stands in the way. */
async function asOwnerOfTheDatabase(statement: string): Promise<void> {
  await api.database
    .pool('superuser')
    .query(`begin; set local session_replication_role = replica; ${statement}; commit`)
}

const uuidOf = (person: Pick<TestPerson, 'member'>): string => decodeId('member', person.member) ?? ''
const reads = async (person: Pick<TestPerson, 'call'>, workspace: string): Promise<number> =>
  (await person.call('GET', '/v1/messages', undefined, { workspace })).status
const becomes = (
  person: Pick<TestPerson, 'call'>,
  workspace: string,
  status: number,
  path = '/v1/messages',
): Promise<void> =>
  expect
    .poll(async () => (await person.call('GET', path, undefined, { workspace })).status, { timeout: 3_000 })
    .toBe(status)

/** The control arm: the row opens as soon as the keyring has bound it as it is now; so nothing but the binding refused it. */
async function bindAsItIs(member: string): Promise<void> {
  const [row] = await rowsOf(
    'select workspace_id, person_id, role, permission_set_id from member where id = $1',
    [member],
  )
  const digest = membershipDigest({
    id: member,
    workspaceId: String(row?.['workspace_id']),
    personId: String(row?.['person_id']),
    role: String(row?.['role']),
    permissionSetId: typeof row?.['permission_set_id'] === 'string' ? row['permission_set_id'] : null,
  })
  const [binding] = await api.keyring('api').pepper('credential', [digest])
  await asOwnerOfTheDatabase(
    `update member set binding = '\\x${binding?.toString('hex')}' where id = '${member}'`,
  )
}

const alarms = async (target: string): Promise<unknown[]> =>
  rowsOf(`select workspace_id, actor from audit_outbox where action = 'credential.forged' and target = $1`, [
    target,
  ])

describe('whoever owns the database', () => {
  it('makes nobody a member, and an alarm says that he tried, once', async () => {
    const [own, victim] = [await api.workspace(), await api.workspace()]
    const person = await aPerson(api, { workspace: own.id, role: 'owner' })
    const id = randomUUID()
    const workspace = decodeId('workspace', victim.id)
    // With no binding, and with the one of a genuine membership of his own.
    for (const binding of ['null', `(select binding from member where id = '${uuidOf(person)}')`]) {
      await asOwnerOfTheDatabase(
        `delete from member where id = '${id}';
         insert into member (id, workspace_id, person_id, role, created_by, binding)
         values ('${id}', '${workspace}', '${person.id}', 'owner', 'x', ${binding})`,
      )
      const session = await signIn(api, person.id)
      expect(await reads(session, victim.id)).toBe(404)
      expect(await reads(person, victim.id)).toBe(404)
    }
    // The planted row makes his only workspace none of two.
    expect((await (await signIn(api, person.id)).call('GET', '/v1/messages')).status).toBe(200)
    expect(await alarms(`member:${id}`)).toEqual([{ workspace_id: workspace, actor: 'process:api' }])
    await bindAsItIs(id)
    await becomes(person, victim.id, 200)
  })

  it('raises no role', async () => {
    const { id } = await api.workspace()
    const person = await aPerson(api, { workspace: id, role: 'auditor' })
    expect((await person.call('GET', '/v1/api-keys')).status).toBe(200)
    expect((await person.call('POST', '/v1/invitations', { email: 'a@b.test', role: 'owner' })).status).toBe(
      403,
    )
    await asOwnerOfTheDatabase(`update member set role = 'owner' where id = '${uuidOf(person)}'`)
    await becomes(person, id, 404)
    expect((await person.call('POST', '/v1/invitations', { email: 'a@b.test', role: 'owner' })).status).toBe(
      400,
    )
    expect(await alarms(`member:${uuidOf(person)}`)).toHaveLength(1)
    await bindAsItIs(uuidOf(person))
    await becomes(person, id, 200, '/v1/workspace/policy')
  })

  it('puts nobody in the place of another', async () => {
    const { id } = await api.workspace()
    const owner = await aPerson(api, { workspace: id, role: 'owner' })
    const stranger = await aPerson(api)
    expect(await reads(owner, id)).toBe(200)
    await asOwnerOfTheDatabase(`update member set person_id = '${stranger.id}' where id = '${uuidOf(owner)}'`)
    await becomes(owner, id, 404)
    expect(await reads(await signIn(api, stranger.id), id)).toBe(404)
    await bindAsItIs(uuidOf(owner))
    await becomes(stranger, id, 200)
  })

  it('brings no membership back that has ended', async () => {
    const { id } = await api.workspace()
    const owner = await aPerson(api, { workspace: id, role: 'owner' })
    const former = await aPerson(api, { workspace: id, role: 'admin' })
    expect(await reads(former, id)).toBe(200)
    expect((await owner.call('DELETE', `/v1/members/${former.member}?credentials=keep`)).status).toBe(200)
    await asOwnerOfTheDatabase(`update member set revoked_at = null where id = '${uuidOf(former)}'`)
    expect(await reads(await signIn(api, former.id), id)).toBe(404)
    await bindAsItIs(uuidOf(former))
    await becomes(former, id, 200)
  })

  it('widens no permission set, gives nobody another one, and takes none away to leave the rights of the role', async () => {
    const { id } = await api.workspace()
    const owner = await aPerson(api, { workspace: id, role: 'owner' })
    const make = async (name: string, scopes: string[]): Promise<string> => {
      const made = await owner.call('POST', '/v1/permission-sets', { name, scopes })
      expect(made.status, made.text).toBe(201)
      return decodeId('permissionSet', made.body.id) ?? ''
    }
    const [narrow, wide] = [await make('Narrow', ['domains:read']), await make('Wide', ['messages:read'])]
    const person = await aPerson(api, { workspace: id, permissionSet: narrow, role: 'analyst' })
    const domains = '/v1/domains'
    await becomes(person, id, 200, domains)
    expect(await reads(person, id)).toBe(403)

    await asOwnerOfTheDatabase(
      `update permission_set set scopes = '{domains:read,messages:read}' where id = '${narrow}'`,
    )
    await becomes(person, id, 404, domains)
    expect(await alarms(`permission_set:${narrow}`)).toHaveLength(1)
    // Another name does not make it genuine.
    const renamed = await owner.call('PATCH', `/v1/permission-sets/${encodeId('permissionSet', narrow)}`, {
      name: 'New',
    })
    expect(renamed.status, renamed.text).toBe(200)
    expect(await reads(await signIn(api, person.id), id)).toBe(404)
    await asOwnerOfTheDatabase(
      `update permission_set a set scopes = b.scopes, binding = b.binding from permission_set b
       where a.id = '${narrow}' and b.id = '${wide}'`,
    )
    expect(await reads(await signIn(api, person.id), id)).toBe(404)
    const digest = permissionSetDigest({
      id: narrow,
      workspaceId: decodeId('workspace', id) ?? '',
      scopes: ['messages:read'],
    })
    const [binding] = await api.keyring('api').pepper('credential', [digest])
    await asOwnerOfTheDatabase(
      `update permission_set set binding = '\\x${binding?.toString('hex')}' where id = '${narrow}'`,
    )
    await becomes(person, id, 200)

    for (const set of [`'${wide}'`, 'null']) {
      await asOwnerOfTheDatabase(
        `update member set permission_set_id = ${set} where id = '${uuidOf(person)}'`,
      )
      expect(await reads(await signIn(api, person.id), id)).toBe(404)
    }
    await asOwnerOfTheDatabase(
      `update member set permission_set_id = '${narrow}' where id = '${uuidOf(person)}';
       delete from permission_set where id = '${narrow}'`,
    )
    expect(await reads(await signIn(api, person.id), id)).toBe(404)
  })

  it('has an invitation that he makes mightier not made genuine by a new link', async () => {
    const { id } = await api.workspace()
    const owner = await aPerson(api, { workspace: id, role: 'owner' })
    const invite = async (email: string): Promise<string> => {
      const made = await owner.call('POST', '/v1/invitations', { email, role: 'analyst' })
      expect(made.status, made.text).toBe(201)
      return made.body.id
    }
    const [mightier, genuine] = [await invite('one@people.test'), await invite('two@people.test')]
    const long = `sent_at = sent_at - interval '1 hour'`
    await asOwnerOfTheDatabase(
      `update invitation set ${long}; update invitation set role = 'owner' where id = '${decodeId('invitation', mightier)}'`,
    )
    const resend = async (invitation: string) =>
      (await owner.call('POST', `/v1/invitations/${invitation}/resend`)).status
    expect([await resend(mightier), await resend(genuine)]).toEqual([409, 200])
  })

  it('has what he planted not made genuine by an owner who changes it, and the owner removes it', async () => {
    const { id } = await api.workspace()
    const owner = await aPerson(api, { workspace: id, role: 'owner' })
    const stranger = await aPerson(api)
    const planted = randomUUID()
    await asOwnerOfTheDatabase(
      `insert into member (id, workspace_id, person_id, role, created_by)
       values ('${planted}', '${decodeId('workspace', id)}', '${stranger.id}', 'admin', 'x')`,
    )
    const member = `/v1/members/${encodeId('member', planted)}`
    const changed = await owner.call('PATCH', member, { role: 'analyst' })
    expect(changed.status, changed.text).toBe(409)
    expect(await reads(stranger, id)).toBe(404)
    expect((await owner.call('DELETE', `${member}?credentials=keep`)).status).toBe(200)
    // The control arm: a genuine one is changed, and opens what it says then.
    const genuine = await aPerson(api, { workspace: id, role: 'developer' })
    expect((await owner.call('PATCH', `/v1/members/${genuine.member}`, { role: 'admin' })).status).toBe(200)
    await becomes(genuine, id, 200, '/v1/members')
  })
})

describe('a member who owns the database', () => {
  it('does not use the moment for which his own session is believed', async () => {
    const { id } = await api.workspace()
    const [admin, other] = [
      await aPerson(api, { workspace: id, role: 'admin' }),
      await aPerson(api, { workspace: id, role: 'developer' }),
    ]
    expect(await reads(admin, id)).toBe(200)
    await asOwnerOfTheDatabase(`update member set role = 'owner' where id = '${uuidOf(admin)}'`)
    const raised = await admin.call(
      'PATCH',
      `/v1/members/${other.member}`,
      { role: 'owner' },
      { workspace: id },
    )
    // While the session is believed, and after it.
    expect([409, 404], raised.text).toContain(raised.status)
    expect(await rowsOf('select role from member where id = $1', [uuidOf(other)])).toEqual([
      { role: 'developer' },
    ])
  })

  it('gives nobody a wide set that he makes look narrow meanwhile', async () => {
    const { id } = await api.workspace()
    const [owner, other] = [
      await aPerson(api, { workspace: id, role: 'owner' }),
      await aPerson(api, { workspace: id, role: 'developer' }),
    ]
    const made = await owner.call('POST', '/v1/permission-sets', {
      name: 'Wide',
      scopes: ['audit:read', 'messages:read'],
    })
    const set = decodeId('permissionSet', made.body.id) ?? ''
    const give = async () => [
      (await owner.call('PATCH', `/v1/members/${other.member}`, { permissionSetId: made.body.id })).status,
      (
        await owner.call('POST', '/v1/invitations', {
          email: `${randomUUID()}@people.test`,
          permissionSetId: made.body.id,
        })
      ).status,
    ]
    await asOwnerOfTheDatabase(`update permission_set set scopes = '{messages:read}' where id = '${set}'`)
    expect(await give()).toEqual([409, 409])
    await asOwnerOfTheDatabase(
      `update permission_set set scopes = '{messages:read,audit:read}' where id = '${set}'`,
    )
    expect(await give()).toEqual([200, 201])
  })
})

describe('a member', () => {
  it('costs no request to the keyring and no further one to the database while he works', async () => {
    const { id } = await api.workspace()
    const owner = await aPerson(api, { workspace: id, role: 'owner' })
    const made = await owner.call('POST', '/v1/permission-sets', { name: 'R', scopes: ['messages:read'] })
    const person = await aPerson(api, {
      workspace: id,
      role: 'analyst',
      permissionSet: decodeId('permissionSet', made.body.id) ?? '',
    })
    const keyring = api.keyring('api')
    const pool = api.database.pool('bulkhead_api')
    let peppered = 0
    let queries = 0
    const people = createPeopleAccess({
      pool: {
        query: (statement, values) => {
          queries += 1
          return pool.query(statement, values)
        },
      },
      pepper: createCredentialPepper({
        keyring: {
          pepper: (name, digests) => {
            peppered += 1
            return keyring.pepper(name, digests)
          },
        },
        name: 'credential',
      }),
    })
    const enter = () =>
      people.authenticate(person.token, { workspace: id, address: '127.0.0.1', scope: 'messages:read' })
    expect((await enter()).scopes).toContain('messages:read')
    // The token, the session, and the membership with its set in one.
    expect({ peppered, queries }).toEqual({ peppered: 3, queries: 1 })
    people.forget()
    await enter()
    expect({ peppered, queries }).toEqual({ peppered: 3, queries: 2 })
  })
})
