import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdGenerator, decodeId, encodeId } from '../../src/kernel/ids.ts'
import { ROLES, ROLE_SCOPES } from '../../src/security/access/index.ts'
import { recordOfAct, takingActOf } from '../../src/security/audit/records.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { aPerson as aPersonWithPassword } from '../support/people.ts'
import { PUBLIC_URL, startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { aPerson, signIn } from './people-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
})
afterAll(() => api[Symbol.asyncDispose]())

const newId = createIdGenerator()
const rowsOf = async (text: string, values: readonly unknown[] = []) =>
  (await api.database.pool('superuser').query(text, [...values])).rows
const rowOf = async (text: string, values: readonly unknown[] = []) => (await rowsOf(text, values))[0] ?? {}

interface Act {
  readonly workspaceId: string | null
  readonly actor: string
  readonly action: string
  readonly target: string | null
  readonly at: string
  readonly detail: unknown
}

/** What the recovery would take from the audit log since an instant, the oldest first. */
async function actsSince(since: Date): Promise<Act[]> {
  const { rows } = await api.database
    .pool('superuser')
    .query<Omit<Parameters<typeof recordOfAct>[0], 'id' | 'process'>>(
      `select workspace_id, actor, action, target, at, detail from audit_outbox where at > $1 order by at, id`,
      [since],
    )
  return rows
    .map((row) => takingActOf(recordOfAct({ ...row, id: newId(), process: 'api' }, 1)))
    .filter((act) => act !== null)
}

async function replay(acts: readonly unknown[]): Promise<{ action: string; outcome: string }[]> {
  const { rows } = await api.database
    .pool('bulkhead_audit')
    .query<{ action: string; outcome: string }>(
      `select action, outcome from engine.replay_acts($1) where outcome <> 'ignored'`,
      [JSON.stringify(acts)],
    )
  return rows
}

/** Puts back what an old backup has. */
async function asInTheBackup(sql: string): Promise<void> {
  const client = await api.database.pool('superuser').connect()
  try {
    await client.query(
      `set session_replication_role = replica; ${sql}; set session_replication_role = origin`,
    )
  } finally {
    client.release()
  }
}

const now = async (): Promise<Date> => (await rowOf('select clock_timestamp() as at'))['at']
const outcomesOf = (replayed: readonly { action: string; outcome: string }[]) =>
  Object.fromEntries(replayed.map(({ action, outcome }) => [action, outcome]))

describe('after a restore, of a workspace', () => {
  it('memberships stay ended, lowered roles stay low, invitations stay revoked, sets stay narrow', async () => {
    const workspace = await api.workspace()
    const uuid = decodeId('workspace', workspace.id)
    const [owner, removed, lowered, leaving, other] = await Promise.all(
      (['owner', 'admin', 'admin', 'developer', 'developer'] as const).map((role) =>
        aPerson(api, { workspace: workspace.id, role }),
      ),
    )
    if (!owner || !removed || !lowered || !leaving || !other) throw new Error('nobody')
    const invitation = (
      await owner.call('POST', '/v1/invitations', { email: 'new@people.test', role: 'developer' })
    ).body
    const set = (
      await owner.call('POST', '/v1/permission-sets', {
        name: 'support',
        scopes: ['messages:read', 'suppressions:read', 'suppressions:write'],
      })
    ).body
    const key = (await removed.call('POST', '/v1/api-keys', { name: 'made by removed' })).body
    expect(key.key).toMatch(/^bhk_|_/)
    const since = await now()

    for (const done of [
      await owner.call('DELETE', `/v1/members/${removed.member}?credentials=revoke`),
      await owner.call('PATCH', `/v1/members/${lowered.member}`, { role: 'analyst' }),
      await owner.call('PATCH', `/v1/members/${other.member}`, { role: 'auditor' }),
      await leaving.call('DELETE', `/v1/account/workspaces/${workspace.id}`),
      await owner.call('DELETE', `/v1/invitations/${invitation.id}`),
      await owner.call('PATCH', `/v1/permission-sets/${set.id}`, { scopes: ['messages:read'] }),
    ])
      expect([200, 204], done.text).toContain(done.status)
    const acts = await actsSince(since)
    const members = async () =>
      Object.fromEntries(
        (
          await rowsOf(
            `select id, case when revoked_at is null then role else 'ended' end as state from member where workspace_id = $1`,
            [uuid],
          )
        ).map(({ id, state }) => [id, state]),
      )
    await asInTheBackup(
      `update member set revoked_at = null where workspace_id = '${uuid}';
       update member set role = 'admin' where id = '${decodeId('member', lowered.member)}';
       update member set role = 'developer' where id = '${decodeId('member', other.member)}';
       update invitation set revoked_at = null; update api_key set revoked_at = null where workspace_id = '${uuid}';
       update permission_set set scopes = '{messages:read,suppressions:read,suppressions:write}'`,
    )
    // The control arm: the backup brings everything back.
    await expect
      .poll(async () => (await api.call(key.key, 'GET', '/v1/messages')).status, { timeout: 3_000 })
      .toBe(200)

    expect(outcomesOf(await replay(acts))).toEqual({
      'member.removed': 'applied',
      'member.changed': 'applied',
      'member.left': 'applied',
      'invitation.revoked': 'applied',
      'permission_set.updated': 'applied',
    })
    const after = await members()
    expect(after[decodeId('member', owner.member) ?? '']).toBe('owner')
    expect(after[decodeId('member', removed.member) ?? '']).toBe('ended')
    expect(after[decodeId('member', leaving.member) ?? '']).toBe('ended')
    expect(after[decodeId('member', lowered.member) ?? '']).toBe('analyst')
    // An auditor may do what a developer may not: a replay gives nothing, so that this membership ends.
    expect(after[decodeId('member', other.member) ?? '']).toBe('ended')
    expect(await rowsOf('select scopes from permission_set where workspace_id = $1', [uuid])).toEqual([
      { scopes: ['messages:read'] },
    ])
    expect(
      await rowOf('select revoked_at is not null as gone from invitation where workspace_id = $1', [uuid]),
    ).toEqual({ gone: true })
    await expect
      .poll(async () => (await api.call(key.key, 'GET', '/v1/messages')).status, { timeout: 3_000 })
      .toBe(401)
    expect(new Set(Object.values(outcomesOf(await replay(acts))))).toEqual(new Set(['already']))
  })

  it('a containment does not stop it, nor that an owner of the backup is the only one', async () => {
    const workspace = await api.workspace()
    const uuid = decodeId('workspace', workspace.id)
    const [first, second] = [
      await aPerson(api, { workspace: workspace.id, role: 'owner' }),
      await aPerson(api, { workspace: workspace.id, role: 'developer' }),
    ]
    const since = await now()
    expect((await first.call('PATCH', `/v1/members/${second.member}`, { role: 'owner' })).status).toBe(200)
    expect((await first.call('PATCH', `/v1/members/${first.member}`, { role: 'developer' })).status).toBe(200)
    const acts = await actsSince(since)
    await asInTheBackup(
      `update member set role = 'owner' where id = '${decodeId('member', first.member)}';
       update member set role = 'developer' where id = '${decodeId('member', second.member)}'`,
    )
    const contained = {
      workspaceId: uuid,
      actor: 'staff:x',
      action: 'containment.contained',
      target: newId(),
      at: new Date(Date.now() - 1_000).toISOString(),
      detail: {
        scope: 'workspace',
        subject: null,
        actorClass: 'any',
        capabilities: ['credential'],
        reasonCode: 'policy',
        incident: null,
        until: new Date(Date.now() + 60_000).toISOString(),
      },
    }
    expect(outcomesOf(await replay([contained, ...acts]))).toEqual({
      'containment.contained': 'applied',
      'member.changed': 'applied',
    })
    const roles = await rowsOf('select role from member where workspace_id = $1 order by id', [uuid])
    expect(roles.map(({ role }) => role)).toEqual(['developer', 'developer'])
    await rowsOf(`update containment set state = 'lifted', ended_at = now() where id = $1`, [
      contained.target,
    ])
  })

  it('the stricter of two policies holds, and a provider that was changed or gone opens nothing', async () => {
    const workspace = await api.workspace()
    const uuid = decodeId('workspace', workspace.id)
    const owner = await aPerson(api, { workspace: workspace.id, role: 'owner', factor: 'passkey' })
    const since = await now()
    const change = async (body: object) =>
      expect((await owner.call('PUT', '/v1/workspace/policy', body)).status).toBe(200)
    await change({ secondFactor: 'passkey', sessionHours: 8, allowedCidrs: ['127.0.0.0/8', '::1/128'] })
    await change({ sessionHours: 12 })
    const acts = [
      ...(await actsSince(since)),
      {
        action: 'sso.disconnected',
        workspaceId: uuid,
        actor: 'x',
        target: 'sso',
        at: new Date().toISOString(),
        detail: {},
      },
    ]
    await asInTheBackup(
      `update workspace_policy set second_factor = 'optional', session_hours = 24, allowed_cidrs = '{127.0.0.1/32,192.0.2.0/24}'
       where workspace_id = '${uuid}';
       insert into sso_connection (id, workspace_id, issuer, client_id, sealed_secret, domains, tested_at, created_at)
       values ('${newId()}', '${uuid}', 'https://id.example.com', 'x', '\\x00', '{example.com}', now(), now() - interval '1 day')`,
    )
    expect((await replay(acts)).map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'policy.changed ended',
      'policy.changed applied',
      'sso.disconnected applied',
    ])
    expect(
      await rowsOf(
        'select second_factor, session_hours, allowed_cidrs::text[] as networks from workspace_policy where workspace_id = $1',
        [uuid],
      ),
    ).toEqual([{ second_factor: 'passkey', session_hours: 12, networks: ['127.0.0.1/32'] }])
    expect(await rowsOf('select 1 from sso_connection where workspace_id = $1', [uuid])).toEqual([])
    expect((await replay(acts)).at(1)?.outcome).toBe('already')
  })

  it('a role counts as lower where its scopes are part of the other: as in the roles themselves', async () => {
    for (const role of ROLES)
      for (const than of ROLES) {
        const { lower } = await rowOf('select engine.is_lower_role($1, $2) as lower', [role, than])
        const isPart = ROLE_SCOPES[role].every((scope) => ROLE_SCOPES[than].includes(scope))
        expect(lower, `${role} below ${than}`).toBe(role !== than && role !== 'owner' && isPart)
      }
  })
})

describe('after a restore, of a person', () => {
  it('suspended stays suspended, deleted stays deleted, an old password opens nothing', async () => {
    const [suspended, letIn, deleted, changed] = [
      await aPersonWithPassword(api),
      await aPersonWithPassword(api),
      await aPersonWithPassword(api),
      await aPersonWithPassword(api),
    ]
    await rowsOf(`update account.person set password_set_at = now() - interval '1 day'`)
    const since = await now()
    const operator = async (id: string, verb: string): Promise<void> => {
      const path = `/v1/people/${encodeId('person', id)}/${verb}`
      expect((await api.call(api.operatorKey, 'POST', path)).status).toBe(204)
    }
    await operator(suspended.id, 'disable')
    await operator(letIn.id, 'disable')
    await operator(letIn.id, 'enable')
    await rowsOf('select engine.delete_person($1)', [deleted.id])
    await rowsOf(`select engine.set_password($1, '\\x01', '\\x02', 'x', null, null, $2, null)`, [
      changed.id,
      newId(),
    ])
    const acts = await actsSince(since)
    await asInTheBackup(
      `update account.person set disabled_at = null, deleted_at = null, must_reset = false, password_set_at = now() - interval '1 day'`,
    )
    const outcomes = async () =>
      (await replay(acts)).map(({ action, outcome }) => `${action} ${outcome}`).sort()
    expect(await outcomes()).toEqual([
      'person.deleted applied',
      'person.password_changed applied',
      'person.suspended applied',
      'person.suspended ended',
    ])
    const state = async (id: string) =>
      (
        await rowsOf(
          'select disabled_at is not null as disabled, deleted_at is not null as deleted, must_reset from account.person where id = $1',
          [id],
        )
      )[0]
    expect(await state(suspended.id)).toEqual({ disabled: true, deleted: false, must_reset: false })
    expect(await state(letIn.id)).toEqual({ disabled: false, deleted: false, must_reset: false })
    expect(await state(deleted.id)).toEqual({ disabled: true, deleted: true, must_reset: false })
    expect(await state(changed.id)).toEqual({ disabled: false, deleted: false, must_reset: true })
    expect(await outcomes()).toEqual([
      'person.deleted already',
      'person.password_changed already',
      'person.suspended already',
      'person.suspended ended',
    ])
    // Who sets a password anew is not held up by doing it again.
    await rowsOf(`update account.person set must_reset = false, password_set_at = now() where id = $1`, [
      changed.id,
    ])
    await outcomes()
    expect(await state(changed.id)).toMatchObject({ must_reset: false })
  })

  it('a removed factor is gone where another is left, and is dead but in the way where it is the last', async () => {
    const person = await aPersonWithPassword(api, { totp: true })
    const { call } = await signIn(api, person.id)
    const device = createAuthenticator({ origin: new URL(PUBLIC_URL).origin })
    const options = await call('POST', '/v1/account/passkeys/options', {})
    const added = await call('POST', '/v1/account/passkeys', {
      name: 'stolen',
      response: device.create(options.body),
    })
    expect(added.status).toBe(201)
    const backup = await rowsOf(`select * from account.passkey where person_id = $1`, [person.id])
    const since = await now()
    expect((await call('DELETE', `/v1/account/factors/${added.body.id}`)).status).toBe(204)
    const acts = await actsSince(since)
    const putBack = () =>
      asInTheBackup(
        `insert into account.passkey select * from jsonb_populate_recordset(null::account.passkey, '${JSON.stringify(
          backup.map((row) => ({
            ...row,
            ...Object.fromEntries(
              Object.entries(row).flatMap(([name, value]) =>
                value instanceof Buffer ? [[name, `\\x${value.toString('hex')}`]] : [],
              ),
            ),
          })),
        ).replaceAll("'", "''")}')`,
      )
    await putBack()
    expect(outcomesOf(await replay(acts))).toEqual({ 'second_factor.removed': 'applied' })
    expect(await rowsOf('select 1 from account.passkey where person_id = $1', [person.id])).toEqual([])
    expect(outcomesOf(await replay(acts))).toEqual({ 'second_factor.removed': 'already' })

    // In the backup the stolen one is all there is.
    await rowsOf('delete from account.totp where person_id = $1', [person.id])
    await putBack()
    const answered = async () => {
      const wanted = await api.call('', 'POST', '/v1/log-in/passkey/options', {})
      return api.call('', 'POST', '/v1/log-in/passkey', {
        passkey: device.get(wanted.body),
        transport: 'token',
      })
    }
    expect((await answered()).status).toBe(200)
    expect(outcomesOf(await replay(acts))).toEqual({ 'second_factor.removed': 'applied' })
    expect((await answered()).status).toBe(401)
    // The password alone makes no new one.
    const state = await api.persons.factors.beginTotp({
      personId: person.id,
      account: 'x',
      onlyAsFirst: true,
    })
    expect(state.state).toBe('not_first')
  })

  it('used recovery codes, ended sessions, links in letters and shown codes are dead', async () => {
    const person = await aPersonWithPassword(api, { totp: true })
    const { call } = await signIn(api, person.id)
    expect((await call('GET', '/v1/account')).status).toBe(200)
    const since = await now()
    expect(await api.persons.factors.useRecoveryCode(person.id, person.recoveryCodes[0] ?? '')).toMatchObject(
      { state: 'accepted' },
    )
    const acts = await actsSince(since)
    await asInTheBackup(
      `update account.recovery_code set used_at = null; update account.totp set last_step = 0`,
    )
    await rowsOf(
      `insert into account.token (id, kind, secret_hash, binding, person_id, expires_at)
       values ($1, 'reset', '\\x0123', '\\x01', $2, now() + interval '1 hour')`,
      [newId(), person.id],
    )
    await rowsOf(
      `insert into account.email_change (id, person_id, email_index, sealed_email, state, swap_at)
       values ($1, $2, '\\x01', '\\x02', 'confirmed', now())`,
      [newId(), person.id],
    )
    expect(outcomesOf(await replay(acts))).toEqual({ 'second_factor.recovery_code_used': 'applied' })
    await api.database.pool('bulkhead_audit').query('select engine.close_after_restore()')
    for (const code of person.recoveryCodes.slice(0, 3))
      expect((await api.persons.factors.useRecoveryCode(person.id, code)).state).toBe('wrong')
    expect((await api.persons.factors.verifyTotp(person.id, person.totp())).state).toBe('wrong')
    await expect.poll(async () => (await call('GET', '/v1/account')).status, { timeout: 3_000 }).toBe(401)
    expect(await rowsOf(`select 1 from engine.find_token('\\x0123')`)).toEqual([])
    expect(await rowsOf('select 1 from engine.due_email_changes(10)')).toEqual([])
    // Who logs in now stays.
    const again = await signIn(api, person.id)
    expect((await again.call('GET', '/v1/account')).status).toBe(200)
  })

  it('only the audit process may', async () => {
    for (const role of ['bulkhead_api', 'bulkhead_staff', 'bulkhead_worker'] as const)
      for (const sql of [
        'select engine.close_after_restore()',
        `select engine.replay_act_of_person('{}', '[]')`,
      ])
        await expect(api.database.pool(role).query(sql)).rejects.toThrow(/permission denied/)
    await expect(
      api.database.pool('bulkhead_audit').query(`select engine.replay_acts_of_workspaces('[]')`),
    ).rejects.toThrow(/permission denied/)
  })
})
