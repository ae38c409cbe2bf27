import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { startStaff } from './staff-fixture.ts'
import type { StaffFixture } from './staff-fixture.ts'

let api: ApiFixture
let staff: StaffFixture

beforeAll(async () => {
  api = await startApi()
  staff = await startStaff(api)
})
afterAll(async () => {
  await staff[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

interface Outcome {
  readonly action: string
  readonly outcome: string
}

/** The records of an installation as the audit log keeps them, the oldest first. */
async function recordsOf(from: ApiFixture): Promise<unknown[]> {
  const { rows } = await from.database.pool('superuser').query<{ record: unknown }>(
    `select jsonb_build_object('workspaceId', workspace_id, 'actor', actor, 'action', action, 'target', target, 'at', at,
                               'detail', detail) as record
     from audit_outbox order by at, id`,
  )
  return rows.map((row) => row.record)
}

async function replay(records: readonly unknown[]): Promise<Outcome[]> {
  const { rows } = await api.database
    .pool('bulkhead_audit')
    .query<Outcome>('select action, outcome from engine.replay_acts($1) where outcome <> $2', [
      JSON.stringify(records),
      'ignored',
    ])
  return rows
}

/** Puts back what the given statements keep, as an old backup does. */
async function asInTheBackup(sql: string): Promise<void> {
  await api.database
    .pool('superuser')
    .query(`set session_replication_role = replica; ${sql}; set session_replication_role = origin`)
}

const newId = createIdGenerator()
const until = (ms: number): string => new Date(Date.now() + ms).toISOString()

describe('after a restore', () => {
  it('what was taken away stays taken away, and doing it again changes nothing', async () => {
    const { id, key } = await api.workspace()
    const uuid = decodeId('workspace', id) ?? ''
    const { body: other } = await api.call(key, 'POST', '/v1/api-keys', { name: 'revoked later' })
    const { body: smtp } = await api.call(key, 'POST', '/v1/smtp-credentials', { name: 'revoked later' })
    const member = await staff.member()
    const gone = await staff.member()
    const { body: late } = await api.call(key, 'POST', '/v1/api-keys', { name: 'x' })

    // After the backup:
    await api.call(key, 'DELETE', `/v1/api-keys/${other.id}`)
    await api.call(key, 'DELETE', `/v1/smtp-credentials/${smtp.id}`)
    await staff.call(api.operatorKey, 'DELETE', `/v1/staff/${gone.id}`)
    const contain = {
      scope: 'workspace',
      workspaceId: id,
      capabilities: ['webhook'],
      reason: 'a drill',
    }
    await staff.call(member.key, 'POST', '/v1/containments', contain)
    await staff.call(member.key, 'POST', '/v1/epochs', {
      scope: 'workspace',
      workspaceId: id,
      class: 'any',
      reason: 'a drill',
    })
    const records = await recordsOf(api)

    await asInTheBackup(`
      update api_key set revoked_at = null;
      update smtp_credential set revoked_at = null;
      update staff.member set revoked_at = null, revoked_by = null;
      delete from epoch;
      truncate containment cascade;
      select setval('engine.epoch_counter', (select max(issued_epoch) from api_key where id = '${decodeId('apiKey', late.id)}'))`)
    // The control arm: without the acts, the backup brings everything back.
    for (const alive of [key, other.key])
      await expect
        .poll(async () => (await api.call(alive, 'GET', '/v1/messages')).status, { timeout: 2_000 })
        .toBe(200)
    expect((await staff.call(gone.key, 'GET', '/v1/queue')).status).toBe(200)

    expect(await replay(records)).toEqual([
      { action: 'api_key.revoked', outcome: 'applied' },
      { action: 'smtp_credential.revoked', outcome: 'applied' },
      { action: 'staff.revoked', outcome: 'applied' },
      { action: 'containment.contained', outcome: 'applied' },
      { action: 'epoch.bumped', outcome: 'applied' },
    ])
    for (const dead of [key, other.key, late.key])
      await expect
        .poll(async () => (await api.call(dead, 'GET', '/v1/messages')).status, { timeout: 1_000 })
        .toBe(401)
    expect((await staff.call(gone.key, 'GET', '/v1/queue')).status).toBe(401)
    const { body } = await staff.call(member.key, 'GET', `/v1/containments?workspaceId=${id}`)
    expect(body.data).toEqual([
      expect.objectContaining({ state: 'active', capabilities: ['webhook'], madeBy: expect.any(String) }),
    ])
    // What is made from now on lives: the counter stands behind the floor.
    const { rows } = await api.database
      .pool('superuser')
      .query<{ alive: boolean }>(
        `select nextval('engine.epoch_counter') > engine.epoch_floor($1, null, 'api_key') as alive`,
        [uuid],
      )
    expect(rows).toEqual([{ alive: true }])

    expect(new Set((await replay(records)).map(({ outcome }) => outcome))).toEqual(new Set(['already']))
  })

  it('what a rotation ended ends, what a leak tightened stays tight, and a revoked rule stays revoked', async () => {
    const { id, key } = await api.workspace()
    const make = async (path: string, body: object) => (await api.call(key, 'POST', path, body)).body
    const rotated = await make('/v1/api-keys', { name: 'rotated later' })
    const smtp = await make('/v1/smtp-credentials', { name: 'rotated later' })
    const leaked = await make('/v1/api-keys', { name: 'leaked later', scopes: ['messages:send'] })
    const leakedId = decodeId('apiKey', leaked.id) ?? ''
    const sql = api.database.pool('superuser')
    await sql.query(`select engine.touch_credentials('{api_key}', $1, '{192.0.2.0/24}', '{null}')`, [
      [leakedId],
    ])
    await sql.query(
      `update credential_use set first_used_at = now() - interval '2 days' where credential_id = $1`,
      [leakedId],
    )
    const rule = newId()
    await sql.query(
      `insert into federation_rule (id, workspace_id, name, issuer, audience, subject, scopes, lifetime_seconds, binding, created_by)
       values ($1, $2, 'CI', 'https://ci.example.com', 'bulkhead', 'repo:x', '{messages:send}', 600, '\\x00', 'test:1')`,
      [rule, decodeId('workspace', id)],
    )
    await api.call(key, 'POST', `/v1/api-keys/${rotated.id}/rotate`, { overlapHours: 1 })
    await api.call(key, 'POST', `/v1/smtp-credentials/${smtp.id}/rotate`, { overlapHours: 0 })
    expect((await api.call('', 'POST', '/v1/leaked-keys/report', { key: leaked.key })).body.outcome).toBe(
      'tightened',
    )
    const records = [
      ...(await recordsOf(api)),
      {
        workspaceId: decodeId('workspace', id),
        actor: 'member:x',
        action: 'federation_rule.revoked',
        target: 'x',
        at: new Date().toISOString(),
        detail: { id: rule },
      },
    ]
    const state = async () =>
      (
        await sql.query(
          `select id, ends_at, leaked_at is not null as leaked, tightened_cidrs from api_key where id = any($1)
           union all select id, ends_at, false, null from smtp_credential where id = $2
           union all select id, null, revoked_at is not null, null from federation_rule where id = $3
           order by id`,
          [[decodeId('apiKey', rotated.id), leakedId], decodeId('smtpCredential', smtp.id), rule],
        )
      ).rows
    await sql.query('update federation_rule set revoked_at = now() where id = $1', [rule])
    const before = await state()
    await asInTheBackup(
      `update api_key set ends_at = null, leaked_at = null, tightened_cidrs = null; update smtp_credential set ends_at = null, revoked_at = null;
       update federation_rule set revoked_at = null`,
    )
    expect(await state()).not.toEqual(before)
    const kinds = new Set([
      'api_key.rotated',
      'smtp_credential.rotated',
      'credential.leaked',
      'federation_rule.revoked',
    ])
    const outcomes = async () =>
      (await replay(records)).filter(({ action }) => kinds.has(action)).map(({ outcome }) => outcome)
    expect(await outcomes()).toEqual(['applied', 'applied', 'applied', 'applied'])
    expect(await state()).toEqual(before)
    expect(await outcomes()).toEqual(['already', 'already', 'already', 'already'])
  })

  it('what was lifted, ran out or is younger than the backup is left alone', async () => {
    const { id } = await api.workspace()
    const uuid = decodeId('workspace', id)
    const act = (action: string, target: string, detail: unknown, workspaceId: unknown = uuid) => ({
      workspaceId,
      actor: 'staff:x',
      action,
      target,
      at: new Date(Date.now() - 60_000).toISOString(),
      detail,
    })
    const contained = {
      scope: 'workspace',
      subject: null,
      actorClass: 'any',
      capabilities: ['send'],
      reasonCode: 'policy',
      incident: null,
    }
    const [lifted, over, unknown] = [1, 2, 3].map((n) => `0190b6d0-0000-7000-8000-00000000000${n}`)
    expect(
      await replay([
        act('containment.contained', lifted ?? '', { ...contained, until: until(60_000) }),
        act('containment.lifted', lifted ?? '', {}),
        act('containment.contained', over ?? '', { ...contained, until: until(-1_000) }),
        act('api_key.revoked', 'key_x', { id: unknown }),
        act('epoch.bumped', 'x', {
          scope: 'workspace',
          workspace: unknown,
          class: 'any',
          floor: 1,
          reason: 'x',
        }),
      ]),
    ).toEqual([
      { action: 'containment.contained', outcome: 'ended' },
      { action: 'containment.contained', outcome: 'ended' },
      { action: 'api_key.revoked', outcome: 'absent' },
      { action: 'epoch.bumped', outcome: 'absent' },
    ])
  })

  it('a containment that was lifted in a later batch of records is lifted again; one of the backup stays', async () => {
    const { id } = await api.workspace()
    const member = await staff.member()
    const { body: kept } = await staff.call(member.key, 'POST', '/v1/containments', {
      scope: 'workspace',
      workspaceId: id,
      capabilities: ['webhook'],
      reason: 'a drill',
    })
    const target = '0190b6d0-0000-7000-8000-000000000009'
    const act = { workspaceId: decodeId('workspace', id), actor: 'staff:x', at: until(-60_000) }
    const contained = {
      ...act,
      action: 'containment.contained',
      target,
      detail: {
        scope: 'workspace',
        actorClass: 'any',
        capabilities: ['send'],
        reasonCode: 'policy',
        until: until(60_000),
      },
    }
    expect(await replay([contained])).toEqual([{ action: 'containment.contained', outcome: 'applied' }])
    const lifted = { ...act, action: 'containment.lifted', detail: {} }
    expect(await replay([{ ...lifted, target }])).toEqual([
      { action: 'containment.lifted', outcome: 'ended' },
    ])
    expect(await replay([{ ...lifted, target: decodeId('containment', kept.id) }])).toEqual([])
    const { body } = await staff.call(member.key, 'GET', `/v1/containments?workspaceId=${id}`)
    expect(body.data.map((item: { state: string }) => item.state).sort()).toEqual(['active', 'lifted'])
  })

  it('is for the audit process, and takes no more than 10,000 records at once', async () => {
    await expect(replay(Array.from({ length: 10_001 }, () => ({})))).rejects.toThrow(/at most 10,000/)
    for (const role of ['bulkhead_api', 'bulkhead_staff', 'bulkhead_worker'] as const)
      await expect(api.database.pool(role).query(`select engine.replay_acts('[]')`)).rejects.toThrow(
        /permission denied/,
      )
  })
})
