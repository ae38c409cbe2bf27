import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIdGenerator } from '../../kernel/ids.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import type { LoginRole } from '../../platform/postgres/index.ts'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'

const newId = createIdGenerator()
let database: TestDatabase
let workspace: string
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())
beforeEach(async () => {
  workspace = await makeWorkspace()
})

async function makeWorkspace(): Promise<string> {
  const id = newId()
  await database.pool('superuser').query(`insert into workspace (id, name) values ($1, 'W')`, [id])
  return id
}

interface Wish {
  readonly scope?: string
  readonly workspace?: string | null
  readonly subject?: string | null
  readonly actorClass?: string
  readonly capabilities?: readonly string[]
  readonly until?: string
  readonly actor?: string
}

async function contain(wish: Wish = {}): Promise<{ id: string; ended: number; unfinished: number }> {
  const { rows } = await database
    .pool('bulkhead_staff')
    .query<{ id: string; ended: number; unfinished: number }>(
      `select id, ended, unfinished from engine.contain($1, $2, $3, $4, $5, 'security_hold', 'We look into it.', 'INC-7', null,
       now() + $6::interval, $7)`,
      [
        wish.scope ?? 'workspace',
        wish.workspace === undefined ? workspace : wish.workspace,
        wish.subject ?? null,
        wish.actorClass ?? 'any',
        wish.capabilities ?? ['write'],
        wish.until ?? '1 hour',
        wish.actor ?? 'staff:00000000-0000-0000-0000-000000000001',
      ],
    )
  return rows[0]!
}

/** Ends what is in force, as time would. */
const endAll = (): Promise<unknown> =>
  database
    .pool('superuser')
    .query(
      `update containment set state = 'expired', ended_at = now() where state in ('active', 'lift_requested')`,
    )

/** One statement of a role in its workspace; answers 'done' or the SQLSTATE. */
async function attempt(
  role: LoginRole | 'owner' | 'superuser',
  sql: string,
  options: { readonly actor?: string; readonly workspace?: string; readonly isolation?: string } = {},
): Promise<string> {
  const client = await database.pool(role).connect()
  try {
    await client.query(`begin isolation level ${options.isolation ?? 'read committed'}`)
    await client.query(
      `select set_config('bulkhead.workspace', $1, true), set_config('bulkhead.actor', $2, true)`,
      [options.workspace ?? workspace, options.actor ?? ''],
    )
    await client.query(sql)
    await client.query('commit')
    return 'done'
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    return errorCode(error) ?? String(error)
  } finally {
    client.release()
  }
}

const addDomain = (at = workspace): string =>
  `insert into sending_domain (id, workspace_id, name) values ('${newId()}', '${at}', '${newId()}.test')`
const addSuppression = (at = workspace): string =>
  `insert into suppression (id, workspace_id, address_index, address, reason)
   values ('${newId()}', '${at}', '\\x${newId().replaceAll('-', '')}', '\\x00', 'manual')`

describe('a guard', () => {
  it('refuses what is contained, says why, and lets everything else pass', async () => {
    const { id } = await contain({ capabilities: ['sender-change'] })
    expect(await attempt('bulkhead_api', addDomain())).toBe('BH423')
    expect(await attempt('bulkhead_api', addSuppression())).toBe('done')
    const other = await makeWorkspace()
    expect(await attempt('bulkhead_api', addDomain(other), { workspace: other })).toBe('done')
    const refused: unknown = await database
      .pool('superuser')
      .query(addDomain())
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'BH423', message: 'contained' })
    expect(JSON.parse((refused as { detail: string }).detail)).toEqual({
      containment: id,
      capability: 'sender-change',
      reasonCode: 'security_hold',
      reason: 'We look into it.',
      incident: 'INC-7',
      until: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    })
    await endAll()
  })

  it('binds one class of process and not the others; the class is the database role', async () => {
    await contain({ actorClass: 'worker', capabilities: ['sender-change'] })
    const touch = `update sending_domain set checked_at = now() where workspace_id = '${workspace}'`
    await database
      .pool('superuser')
      .query(`insert into sending_domain (id, workspace_id, name) values ($1, $2, 'shop.test')`, [
        newId(),
        workspace,
      ])
    expect(await attempt('bulkhead_api', touch)).toBe('done')
    expect(await attempt('bulkhead_worker', touch)).toBe('BH423')
    await endAll()
  })

  it('binds the owner and a superuser where the installation is contained for any class', async () => {
    await contain({ scope: 'installation', workspace: null, capabilities: ['sender-change', 'write'] })
    expect(await attempt('superuser', addDomain())).toBe('BH423')
    expect(await attempt('owner', addDomain())).toBe('BH423')
    expect(await attempt('superuser', `set local session_replication_role = replica; ${addDomain()}`)).toBe(
      'BH423',
    )
    expect(await attempt('superuser', 'truncate sending_domain cascade')).toBe('BH423')
    expect(await attempt('superuser', `delete from event`)).toBe('BH423')
    await endAll()
    expect(await attempt('superuser', addDomain())).toBe('done')
  })

  it('refuses transactions whose snapshot may be older than a containment', async () => {
    for (const isolation of ['repeatable read', 'serializable']) {
      expect(await attempt('bulkhead_api', addDomain(), { isolation })).toBe('0A000')
    }
  })

  it('binds one credential where only that is contained, whose use and revocation stay open', async () => {
    const [mine, other] = [newId(), newId()]
    for (const id of [mine, other]) {
      await database
        .pool('superuser')
        .query(
          `insert into api_key (id, workspace_id, name, prefix, secret_hash, scopes) values ($1, $2, 'k', 'p', $3, '{}')`,
          [id, workspace, Buffer.from(id)],
        )
    }
    await contain({
      scope: 'credential',
      subject: `api_key:${mine}`,
      capabilities: ['sender-change', 'credential'],
    })
    expect(await attempt('bulkhead_api', addDomain(), { actor: `api_key:${mine}` })).toBe('BH423')
    expect(await attempt('bulkhead_api', addDomain(), { actor: `api_key:${other}` })).toBe('done')
    const set = (what: string): Promise<string> =>
      attempt('bulkhead_api', `update api_key set ${what} where id = '${mine}'`, { actor: `api_key:${mine}` })
    expect(await set(`scopes = '{messages:send}'`)).toBe('BH423')
    expect(await set('last_used_at = now()')).toBe('done')
    expect(await set('revoked_at = now()')).toBe('done')
    await expect(contain({ scope: 'credential', subject: `api_key:${newId()}` })).rejects.toMatchObject({
      code: 'BH404',
    })
    await endAll()
  })

  it('ends a transaction that will not end, within a second, so that nothing older can commit', async () => {
    const straggler = await database.pool('bulkhead_api').connect()
    straggler.on('error', () => undefined)
    await straggler.query('begin')
    await straggler.query(`select set_config('bulkhead.workspace', $1, true)`, [workspace])
    await straggler.query(addDomain())
    const started = performance.now()
    const { ended, unfinished } = await contain({ capabilities: ['sender-change'] })
    expect({ ended, unfinished }).toEqual({ ended: 1, unfinished: 0 })
    expect(performance.now() - started).toBeLessThan(1_000)
    await expect(straggler.query('commit')).rejects.toThrow()
    straggler.release(true)
    const { rows } = await database
      .pool('superuser')
      .query('select 1 from sending_domain where workspace_id = $1', [workspace])
    expect(rows).toEqual([])
    await endAll()
  })

  it('says when a session that may not be ended is left: containment holds for everything new', async () => {
    const straggler = await database.pool('superuser').connect()
    await straggler.query('begin')
    await straggler.query(addDomain())
    const { ended, unfinished } = await contain({ capabilities: ['sender-change'] })
    expect({ ended, unfinished }).toEqual({ ended: 0, unfinished: 1 })
    expect(await attempt('bulkhead_api', addDomain())).toBe('BH423')
    await straggler.query('rollback')
    straggler.release()
    await endAll()
  })

  it('stops by itself at its time', async () => {
    await contain({ capabilities: ['sender-change'], until: '700 milliseconds' })
    expect(await attempt('bulkhead_api', addDomain())).toBe('BH423')
    await expect.poll(() => attempt('bulkhead_api', addDomain()), { timeout: 5_000 }).toBe('done')
    const worker = database.pool('bulkhead_worker')
    expect((await worker.query('select engine.expire_containments(10) as n')).rows).toEqual([{ n: 1 }])
    await expect(contain({ until: '31 days' })).rejects.toMatchObject({ code: '23514' })
  })
})
