import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdGenerator, decodeId, encodeId } from '../../src/kernel/ids.ts'
import type { IdKind } from '../../src/kernel/ids.ts'
import { inputPlaces } from '../../src/platform/http/openapi.ts'
import type { Pool } from '../../src/platform/postgres/index.ts'
import { STAFF_OPERATOR_SCOPES, STAFF_SCOPES } from '../../src/security/access/scopes.ts'
import { apiOperations } from '../../src/surfaces/api/registry.ts'
import { staffApiOperations } from '../../src/surfaces/staff-api/registry.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { startStaff } from './staff-fixture.ts'
import type { StaffFixture } from './staff-fixture.ts'

/** Stands in every value of a workspace that staff must not see. */
const CANARY = 'canary7q'

type AnyOperation = (typeof staffApiOperations)[number]
interface World {
  readonly id: string
  readonly uuid: string
  readonly key: string
  readonly keyId: string
}

let api: ApiFixture
let staff: StaffFixture
let ann: { id: string; key: string }
let bob: { id: string; key: string }
let worlds: World[]

beforeAll(async () => {
  api = await startApi()
  staff = await startStaff(api)
  ann = await staff.member('ann-7')
  bob = await staff.member('bob-2')
  worlds = []
  // One after the other: each makes RSA keys, and the keyring answers within five seconds or not at all.
  for (const n of [1, 2, 3, 4, 5]) worlds.push(await aWorld(n))
})
afterAll(async () => {
  await staff[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

/** A workspace with a canary in all that a person or a business put there. */
async function aWorld(n: number): Promise<World> {
  const { id, key } = await api.workspace(`Workspace ${n}`)
  const post = async (path: string, body: unknown) => {
    const answer = await api.call(key, 'POST', path, body)
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.text}`)
    return answer.body
  }
  const domain = `${CANARY}-${n}.test`
  await post('/v1/domains', { name: domain })
  await post('/v1/senders', { email: `${CANARY}@${domain}`, name: CANARY })
  await post('/v1/suppressions', { email: `${CANARY}@example.com` })
  await post('/v1/smtp-credentials', { name: CANARY })
  await post('/v1/webhooks', { url: `https://hooks.example.com/${CANARY}` })
  const made = await post('/v1/api-keys', { name: CANARY })
  await post('/v1/messages', {
    from: `${CANARY}@${domain}`,
    to: `${CANARY}@example.com`,
    subject: CANARY,
    text: CANARY,
    tags: [CANARY],
    lane: 'bulk',
  })
  return { id, key, uuid: decodeId('workspace', id) ?? '', keyId: made.id }
}

const newId = createIdGenerator()
const aReason = 'a drill'
const inbound = (world: World): Record<string, unknown> => ({
  scope: 'workspace',
  workspaceId: world.id,
  capabilities: ['webhook'],
  reason: aReason,
})

/** A valid request of every operation about one workspace. */
const EXAMPLES: Readonly<
  Record<
    string,
    (
      world: World,
    ) =>
      | Promise<{ path?: string; body?: unknown; key?: string }>
      | { path?: string; body?: unknown; key?: string }
  >
> = {
  'staffMembers.add': () => ({ body: { label: newId().slice(-12) }, key: api.operatorKey }),
  'staffMembers.list': () => ({ key: api.operatorKey }),
  'staffMembers.revoke': async () => ({
    path: `/v1/staff/${(await staff.member()).id}`,
    key: api.operatorKey,
  }),
  'staffWorkspaces.list': () => ({}),
  'staffQueue.get': (world) => ({ path: `/v1/queue?workspaceId=${world.id}` }),
  'staffQueueActs.preview': (world) => ({ body: { workspaceId: world.id, act: 'hold' } }),
  'staffQueueActs.create': async (world) => {
    const shown = await staff.call(ann.key, 'POST', '/v1/queue/preview', {
      workspaceId: world.id,
      act: 'pause',
      filter: { sites: ['nowhere.test'] },
    })
    const { token, expected } = shown.body
    return { body: { workspaceId: world.id, token, expected, reason: aReason } }
  },
  'staffQueueActs.list': (world) => ({ path: `/v1/queue/acts?workspaceId=${world.id}` }),
  'staffProcesses.list': () => ({}),
  'staffContainments.create': (world) => ({ body: inbound(world) }),
  'staffContainments.preview': (world) => ({ body: { scope: 'workspace', workspaceId: world.id } }),
  'staffContainments.list': (world) => ({ path: `/v1/containments?workspaceId=${world.id}` }),
  'staffContainments.requestLift': async (world) => ({
    path: `/v1/containments/${await contained(world)}/lift-requests`,
    body: { reason: aReason },
  }),
  'staffContainments.lift': async (world) => {
    const id = await contained(world)
    await staff.call(bob.key, 'POST', `/v1/containments/${id}/lift-requests`, { reason: aReason })
    return { path: `/v1/containments/${id}/lift`, body: { reason: aReason } }
  },
  'staffEpochs.bump': (world) => ({
    body: { scope: 'workspace', workspaceId: world.id, class: 'smtp_credential', reason: aReason },
  }),
  'staffCredentials.revoke': (world) => ({ body: { credentialId: world.keyId, reason: aReason } }),
}

async function contained(world: World): Promise<string> {
  const { status, body, text } = await staff.call(ann.key, 'POST', '/v1/containments', inbound(world))
  if (status !== 201) throw new Error(text)
  return body.id
}

async function send(operation: AnyOperation, world: World, key?: string): Promise<Answer> {
  const make = EXAMPLES[operation.id]
  if (make === undefined) throw new Error(`EXAMPLES has no example for ${operation.id}`)
  const example = await make(world)
  return staff.call(
    key ?? example.key ?? ann.key,
    operation.method,
    example.path ?? operation.path,
    example.body,
  )
}

async function auditActions(): Promise<string[]> {
  const { rows } = await api.database
    .pool('superuser')
    .query<{ action: string }>('select action from audit_outbox order by at, id')
  return rows.map((row) => row.action)
}

describe('the staff API', () => {
  it('has an example for every operation, each of which answers, and no answer shows what a workspace holds', async () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(staffApiOperations.map((operation) => operation.id).sort())
    let seen = 0
    for (const operation of staffApiOperations) {
      for (const world of worlds) {
        const answer = await send(operation, world)
        expect([answer.status < 300, answer.text], operation.id).toEqual([true, answer.text])
        expect(answer.text, operation.id).not.toContain(CANARY)
        seen += 1
      }
    }
    expect(seen).toBe(staffApiOperations.length * worlds.length)
    // The control arm: the workspace's own key sees its canaries, so that a blind search would be noticed.
    const own = await api.call(worlds[0]?.key ?? '', 'GET', '/v1/messages')
    expect(own.text).toContain(CANARY)
  })

  it('writes one audit record of each act, under a name of its contract, for either kind of credential', async () => {
    const world = worlds[1]!
    const smtp = await api.call(world.key, 'POST', '/v1/smtp-credentials', { name: 'Printer' })
    const cases = Object.entries(EXAMPLES).map(([id, make]) => ({ id, make }))
    cases.push({
      id: 'staffCredentials.revoke',
      make: () => ({ body: { credentialId: smtp.body.id, reason: aReason } }),
    })
    for (const { id, make } of cases) {
      const operation = staffApiOperations.find((item) => item.id === id)!
      const example = await make(world)
      const before = await auditActions()
      const path = example.path ?? operation.path
      const answer = await staff.call(example.key ?? ann.key, operation.method, path, example.body)
      expect([answer.status < 300, answer.text], id).toEqual([true, answer.text])
      const written = (await auditActions()).slice(before.length)
      expect(written, id).toHaveLength(
        operation.method === 'GET' || ['staffContainments.preview', 'staffQueueActs.preview'].includes(id)
          ? 0
          : 1,
      )
      for (const action of written) expect([operation.audit].flat(), id).toContain(action)
    }
  })

  it('routes what it names and nothing of the native API: no reading, sending, exporting, making or changing', async () => {
    const named = new Set(staffApiOperations.map(({ method, path }) => `${method} ${path}`))
    const routed: string[] = []
    for (const { method, path } of apiOperations) {
      const { status } = await staff.call(ann.key, method, path.replaceAll(/\{(\w+)\}/g, 'x'))
      if (status !== 404 && status !== 405) routed.push(`${method} ${path}`)
    }
    // Paths that both have mean another thing here, and are the staff's own operations.
    expect(routed.filter((route) => !named.has(route))).toEqual([])
    for (const operation of staffApiOperations) {
      expect([...STAFF_SCOPES, ...STAFF_OPERATOR_SCOPES], operation.id).toContain(operation.scope)
      expect(['safety', 'installation'], operation.id).toContain(operation.risk)
      for (const name of inputPlaces(operation).path)
        expect(operation.input.shape, operation.id).toHaveProperty(name)
    }
  })

  it('opens to staff keys and the operator only: no API key, no altered key, no key at all', async () => {
    const [world] = worlds
    const garbage = [
      world?.key ?? '',
      `${ann.key.slice(0, -1)}${ann.key.endsWith('0') ? '1' : '0'}`,
      `bhs_${'a'.repeat(12)}_${'b'.repeat(43)}_cccccc`,
      'x',
    ]
    for (const key of garbage) {
      const answers = new Set<string>()
      for (const operation of staffApiOperations) {
        const path = operation.path.replaceAll(/\{(\w+)\}/g, 'x')
        const { status, body } = await staff.call(key, operation.method, path)
        answers.add(`${status} ${body.code}`)
      }
      expect([...answers]).toEqual(['401 unauthenticated'])
    }
    // And the other way: a staff key is nothing to the API.
    expect((await api.call(ann.key, 'GET', '/v1/messages')).status).toBe(401)
  })

  it('keeps staff and operator apart: staff add nobody, the operator lifts nothing', async () => {
    expect((await staff.call(ann.key, 'POST', '/v1/staff', { label: 'eve' })).body.code).toBe('missing_scope')
    expect((await staff.call(ann.key, 'GET', '/v1/staff')).body.code).toBe('missing_scope')
    const lift = `/v1/containments/${encodeId('containment', newId())}/lift`
    expect((await staff.call(api.operatorKey, 'POST', lift, { reason: 'x' })).body.code).toBe('missing_scope')
  })

  it('says not found of what does not exist, whatever kind of id it is', async () => {
    for (const operation of staffApiOperations.filter((item) => /\{\w+Id\}/.test(item.path))) {
      const key = STAFF_SCOPES.some((scope) => scope === operation.scope) ? ann.key : api.operatorKey
      const path = operation.path.replaceAll(/\{(\w+)Id\}/g, (_all, kind: string) =>
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an unknown kind fails in encodeId
        encodeId(kind as IdKind, newId()),
      )
      const body = operation.method === 'POST' ? { reason: aReason } : undefined
      const answer = await staff.call(key, operation.method, path, body)
      expect([answer.status, answer.body.code], operation.id).toEqual([404, 'not_found'])
    }
    const unknown = encodeId('workspace', newId())
    for (const [path, body] of [
      ['/v1/containments', { ...inbound({ ...worlds[0]!, id: unknown }) }],
      ['/v1/epochs', { scope: 'workspace', workspaceId: unknown, class: 'any', reason: 'x' }],
      ['/v1/credentials/revoke', { credentialId: encodeId('apiKey', newId()), reason: 'x' }],
    ] as const)
      expect((await staff.call(ann.key, 'POST', path, body)).status, path).toBe(404)
  })
})

describe('a lift', () => {
  it('takes two members of staff who both were there before the containment', async () => {
    const id = await contained(worlds[0]!)
    const late = await staff.member()
    const act = async (key: string, what: string) =>
      (await staff.call(key, 'POST', `/v1/containments/${id}/${what}`, { reason: aReason })).status
    expect(await act(ann.key, 'lift')).toBe(409)
    expect(await act(late.key, 'lift-requests')).toBe(403)
    expect(await act(ann.key, 'lift-requests')).toBe(204)
    expect(await act(ann.key, 'lift')).toBe(403)
    expect(await act(late.key, 'lift')).toBe(403)
    expect(await act(bob.key, 'lift')).toBe(204)
    expect(await act(bob.key, 'lift')).toBe(409)
    const { body } = await staff.call(ann.key, 'GET', `/v1/containments?workspaceId=${worlds[0]!.id}`)
    expect(body.data.find((item: { id: string }) => item.id === id)).toMatchObject({
      state: 'lifted',
      madeBy: `staff:${decodeId('staffMember', ann.id)}`,
      liftRequestedBy: `staff:${decodeId('staffMember', ann.id)}`,
    })
  })

  it('is refused to a member who was revoked, at the next request and in the database', async () => {
    const gone = await staff.member()
    const id = await contained(worlds[1]!)
    expect((await staff.call(gone.key, 'GET', '/v1/queue')).status).toBe(200)
    expect((await staff.call(api.operatorKey, 'DELETE', `/v1/staff/${gone.id}`)).status).toBe(204)
    expect((await staff.call(gone.key, 'GET', '/v1/queue')).status).toBe(401)
    await expect(
      api.database
        .pool('bulkhead_staff')
        .query('select engine.request_lift($1, $2, $3)', [
          decodeId('containment', id),
          `staff:${decodeId('staffMember', gone.id)}`,
          'x',
        ]),
    ).rejects.toThrow(/only who was there before/)
  })
})

describe('what staff do', () => {
  it("stands in the workspace's own audit stream, under their id", async () => {
    const world = worlds[2]!
    const actor = `staff:${decodeId('staffMember', ann.id)}`
    await contained(world)
    await staff.call(ann.key, 'POST', '/v1/epochs', {
      scope: 'workspace',
      workspaceId: world.id,
      class: 'session',
      reason: aReason,
    })
    await staff.call(ann.key, 'POST', '/v1/credentials/revoke', {
      credentialId: world.keyId,
      reason: aReason,
    })
    const { rows } = await api.database
      .pool('superuser')
      .query<{ action: string }>('select action from audit_outbox where workspace_id = $1 and actor = $2', [
        world.uuid,
        actor,
      ])
    expect(rows.map((row) => row.action)).toEqual(
      expect.arrayContaining(['containment.contained', 'epoch.bumped', 'api_key.revoked']),
    )
  })

  it('takes effect: a revoked key is dead, an installation-wide bump reaches every workspace', async () => {
    const other = await startApi()
    const people = await startStaff(other)
    try {
      const member = await people.member()
      const [one, two] = [await other.workspace(), await other.workspace()]
      const { body: made } = await other.call(one.key, 'POST', '/v1/api-keys', { name: 'x' })
      expect((await other.call(made.key, 'GET', '/v1/messages')).status).toBe(200)
      const revoked = await people.call(member.key, 'POST', '/v1/credentials/revoke', {
        credentialId: made.id,
        reason: aReason,
      })
      expect(revoked.status).toBe(204)
      await expect
        .poll(async () => (await other.call(made.key, 'GET', '/v1/messages')).status, { timeout: 1_000 })
        .toBe(401)

      const bumped = await people.call(member.key, 'POST', '/v1/epochs', {
        scope: 'installation',
        class: 'any',
        reason: aReason,
      })
      expect(bumped.status).toBe(201)
      for (const { key } of [one, two])
        await expect
          .poll(async () => (await other.call(key, 'GET', '/v1/messages')).status, { timeout: 1_000 })
          .toBe(401)
      // Staff go on: their keys are revoked one by one.
      expect((await people.call(member.key, 'GET', '/v1/processes')).status).toBe(200)
      expect((await other.workspace()).key).toMatch(/^bhk_/)
    } finally {
      await people[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    }
  })
})

const pool = (): Pool => api.database.pool('bulkhead_staff')

describe('the staff role', () => {
  it('reads no row of any table but the heartbeats, in no schema', async () => {
    const { rows } = await api.database.pool('superuser').query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
    )
    expect(rows.length).toBeGreaterThan(30)
    const readable: string[] = []
    for (const { name } of rows) {
      await pool()
        .query(`select * from ${name} limit 1`)
        .then(
          () => readable.push(name),
          () => undefined,
        )
    }
    expect(readable).toEqual(['public.process'])
  })

  it('gets nothing of a workspace out of any function it may call, with whatever arguments', async () => {
    const { rows: functions } = await api.database.pool('superuser').query<{ name: string; types: string[] }>(
      `select p.proname as name,
                array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as x(t, n) order by n) as types
         from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname = 'engine' and has_function_privilege('bulkhead_staff', p.oid, 'execute') and p.prokind = 'f'
           and p.prorettype <> 'trigger'::regtype`,
    )
    expect(functions.length).toBeGreaterThan(15)
    const world = worlds[3]!
    const value = (type: string, at: number): string => {
      const pick = (...values: readonly string[]) => values[at % values.length] ?? 'null'
      if (type === 'uuid') return pick('null', `'${world.uuid}'`, `'${decodeId('apiKey', world.keyId)}'`)
      if (type === 'integer' || type === 'bigint') return '100'
      if (type === 'text') return pick("'api_key'", "'any'", `'staff:${decodeId('staffMember', ann.id)}'`)
      if (type === 'text[]') return "array['webhook']"
      return 'null'
    }
    let answered = 0
    for (const { name, types } of functions) {
      for (const turn of [0, 1, 2]) {
        const given = types.map((type, n) => `${value(type, turn + n)}::${type}`).join(', ')
        const client = await pool().connect()
        try {
          await client.query('begin')
          await client.query("select set_config('bulkhead.workspace', $1, true)", [world.uuid])
          const found = await client.query(`select x::text as text from engine.${name}(${given}) x`)
          answered += 1
          expect(JSON.stringify(found.rows), name).not.toContain(CANARY)
        } catch (error) {
          // Refused is as good as empty; another failure than PostgreSQL's is not expected.
          if (!(error instanceof Error) || !('code' in error)) throw error
        } finally {
          await client.query('rollback')
          client.release()
        }
      }
    }
    expect(answered).toBeGreaterThan(10)
  })

  it('is refused by the keyring in everything but the pepper of staff keys', async () => {
    const keyring = api.keyring('staff')
    const [world] = worlds
    const uuid = world?.uuid ?? ''
    const digest = Buffer.alloc(32, 7)
    expect(await keyring.pepper('staff', [digest])).toHaveLength(1)
    const asked: Readonly<Record<string, () => Promise<unknown>>> = {
      credentialPepper: () => keyring.pepper('credential', [digest]),
      passwordPepper: () => keyring.pepper('password', [digest]),
      blind: () => keyring.blind(uuid, ['x']),
      blindAddresses: () => keyring.blindAddresses(uuid, ['x@example.com']),
      contentKey: () => keyring.contentKey(uuid),
      openContentKeys: () => keyring.openContentKeys(uuid, [newId()], 'display'),
      createDkimKey: () =>
        keyring.createDkimKey({ workspaceId: uuid, domain: 'x.test', selector: 's', algorithm: 'ed25519' }),
      publicKeys: () => keyring.publicKeys([newId()]),
      sealSecret: () => keyring.sealSecret(uuid, 'webhook', 'x', digest),
      openSecret: () => keyring.openSecret(uuid, 'webhook', 'x', digest, 'x'),
    }
    for (const [what, ask] of Object.entries(asked))
      await expect(ask(), what).rejects.toMatchObject({ name: 'KeyringRefused' })
  })
})
