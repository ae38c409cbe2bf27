import * as fc from 'fast-check'
import type { PoolClient } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACTOR_CLASSES, CAPABILITIES, findBlocking } from '../../kernel/containment.ts'
import type { ActiveContainment, Capability } from '../../kernel/containment.ts'
import { createIdGenerator } from '../../kernel/ids.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'

const newId = createIdGenerator()
const WORKSPACES = [newId(), newId()] as const
/** Per workspace two API keys. */
const KEYS = WORKSPACES.map(() => [newId(), newId()] as const)
const DOMAINS = WORKSPACES.map(() => newId())

let database: TestDatabase
let client: PoolClient
beforeAll(async () => {
  database = await createTestDatabase()
  client = await database.pool('superuser').connect()
  for (const [at, workspace] of WORKSPACES.entries()) {
    await client.query(`insert into workspace (id, name) values ($1, 'W')`, [workspace])
    for (const id of KEYS[at] ?? [])
      await client.query(
        `insert into api_key (id, workspace_id, name, prefix, secret_hash, scopes) values ($1, $2, 'k', 'p', $3, '{}')`,
        [id, workspace, Buffer.from(id)],
      )
    await client.query(`insert into sending_domain (id, workspace_id, name) values ($1, $2, 'shop.test')`, [
      DOMAINS[at],
      workspace,
    ])
    await client.query(
      `insert into queue (lane, message_id, number, workspace_id, destination, due, expires_at)
       values ('bulk', $1, 1, $2, 1, now(), now() + interval '1 day')`,
      [newId(), workspace],
    )
  }
})
afterAll(async () => {
  client.release()
  await database[Symbol.asyncDispose]()
})

interface Write {
  readonly role: 'bulkhead_api' | 'bulkhead_smtp' | 'bulkhead_sender' | 'bulkhead_worker'
  readonly needs: readonly Capability[]
  sql(workspace: string, at: number, key: string): string
}

const message = (workspace: string, lane: string, key: string): string =>
  `insert into message (id, workspace_id, lane, source, from_domain, size_bytes, recipient_count, expires_at, actor, summary)
   values ('${newId()}', '${workspace}', '${lane}', 'api', 'x', 1, 1, now(), 'api_key:${key}', '\\x00')`

/** Each kind of write, who does it, and what it needs; an empty need is bookkeeping, which is never refused. */
const WRITES: Readonly<Record<string, Write>> = {
  'add a domain': {
    role: 'bulkhead_api',
    needs: ['sender-change'],
    sql: (w) =>
      `insert into sending_domain (id, workspace_id, name) values ('${newId()}', '${w}', '${newId()}.test')`,
  },
  'check a domain': {
    role: 'bulkhead_worker',
    needs: ['sender-change'],
    sql: (_w, at) => `update sending_domain set checked_at = now() where id = '${DOMAINS[at]}'`,
  },
  'remove a domain': {
    role: 'bulkhead_api',
    needs: ['sender-change'],
    sql: (_w, at) => `delete from sending_domain where id = '${DOMAINS[at]}'`,
  },
  'change no row': {
    role: 'bulkhead_api',
    needs: [],
    sql: () => `update sending_domain set checked_at = now() where id = '${newId()}'`,
  },
  'widen a key': {
    role: 'bulkhead_api',
    needs: ['credential'],
    sql: (_w, _at, key) => `update api_key set scopes = '{messages:send}' where id = '${key}'`,
  },
  'revoke a key': {
    role: 'bulkhead_api',
    needs: [],
    sql: (_w, _at, key) => `update api_key set revoked_at = now(), last_used_at = now() where id = '${key}'`,
  },
  'suppress an address': {
    role: 'bulkhead_api',
    needs: ['write'],
    sql: (w) =>
      `insert into suppression (id, workspace_id, address_index, address, reason) values ('${newId()}', '${w}', '\\x00', '\\x00', 'manual')`,
  },
  'suppress after a bounce': {
    role: 'bulkhead_sender',
    needs: [],
    sql: (
      w,
    ) => `select engine.suppress(array['${newId()}']::uuid[], array['${w}']::uuid[], array['\\x00']::bytea[],
      array['\\x00']::bytea[], array['${newId()}']::uuid[], array['{}'])`,
  },
  'rename the workspace': {
    role: 'bulkhead_api',
    needs: ['write'],
    sql: (w) => `update workspace set name = 'X' where id = '${w}'`,
  },
  'make an endpoint': {
    role: 'bulkhead_api',
    needs: ['credential'],
    sql: (w) =>
      `insert into webhook_endpoint (id, workspace_id, url, secret) values ('${newId()}', '${w}', 'https://x.test', '\\x00')`,
  },
  'accept bulk mail': {
    role: 'bulkhead_api',
    needs: ['send', 'send:bulk'],
    sql: (w, _at, key) => message(w, 'bulk', key),
  },
  'accept critical mail': {
    role: 'bulkhead_smtp',
    needs: ['send', 'send:critical'],
    sql: (w, _at, key) => message(w, 'critical', key),
  },
  'record an outcome': {
    role: 'bulkhead_sender',
    needs: [],
    sql: (w) =>
      `insert into outcome (message_id, number, workspace_id, event_id, state, attempts) values ('${newId()}', 1, '${w}', '${newId()}', 'delivered', 1)`,
  },
  'cancel a recipient': {
    role: 'bulkhead_api',
    needs: ['write'],
    sql: (w) => `delete from queue where workspace_id = '${w}'`,
  },
}

/** Tables that a process reaches through functions of the engine only; here it writes them itself, to meet the guard alone. */
const ENGINE_TABLES = ['message', 'outcome', 'queue']

const which = fc.nat({ max: 1 })
const containment = fc
  .record({
    width: fc.constantFrom('installation', 'workspace', 'credential'),
    at: which,
    key: which,
    actorClass: fc.constantFrom(...ACTOR_CLASSES, 'any' as const),
    capabilities: fc.uniqueArray(fc.constantFrom(...CAPABILITIES), { minLength: 3, maxLength: 10 }),
    expired: fc.boolean(),
  })
  .map(({ width, at, key, actorClass, capabilities, expired }): ActiveContainment => {
    const scope =
      width === 'installation' ? 'installation' : width === 'workspace' ? 'workspace' : 'credential'
    return {
      id: newId(),
      scope,
      workspaceId: scope === 'installation' ? null : (WORKSPACES[at] ?? null),
      subject: scope === 'credential' ? `api_key:${KEYS[at]?.[key] ?? ''}` : null,
      actorClass,
      capabilities,
      reasonCode: 'abuse',
      reason: 'a drill',
      incident: null,
      untilMs: Date.now() + (expired ? -60_000 : 3_600_000),
    }
  })
const attempt = fc.record({ kind: fc.constantFrom(...Object.keys(WRITES)), at: which, key: which })

async function insert(row: ActiveContainment): Promise<void> {
  await client.query(
    `insert into containment (id, workspace_id, scope, subject, actor_class, capabilities, reason_code, reason, until, origin, made_by, made_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'staff', 'staff:x', $10)`,
    [
      row.id,
      row.workspaceId,
      row.scope,
      row.subject,
      row.actorClass,
      row.capabilities,
      row.reasonCode,
      row.reason,
      new Date(row.untilMs),
      new Date(row.untilMs - 7_200_000),
    ],
  )
}

/** Tries a write as its role and takes it back; answers which containment refused it, or null. */
async function tryWrite(write: Write, at: number, key: string): Promise<string | null> {
  await client.query('savepoint one')
  await client.query(`set session authorization ${write.role}`)
  try {
    await client.query(
      `select set_config('bulkhead.workspace', $1, true), set_config('bulkhead.actor', $2, true)`,
      [WORKSPACES[at], `api_key:${key}`],
    )
    await client.query(write.sql(WORKSPACES[at] ?? '', at, key))
    return null
  } catch (error) {
    if (errorCode(error) !== 'BH423') throw error
    return (JSON.parse((error as { detail: string }).detail) as { containment: string }).containment
  } finally {
    await client.query('rollback to savepoint one')
    await client.query('reset session authorization')
  }
}

describe('guards', () => {
  it('refuse exactly what the model refuses, for any containments and any writes', async () => {
    let refused = 0
    let passed = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(containment, { minLength: 1, maxLength: 5, size: 'max' }),
        fc.array(attempt, { minLength: 4, maxLength: 8, size: 'max' }),
        async (rows, attempts) => {
          await client.query('begin')
          try {
            for (const table of ENGINE_TABLES)
              await client.query(
                `grant insert, delete on ${table} to bulkhead_api, bulkhead_smtp, bulkhead_sender`,
              )
            for (const row of rows) await insert(row)
            for (const { kind, at, key } of attempts) {
              const write = WRITES[kind]
              if (write === undefined) throw new Error(`no write ${kind}`)
              const subject = KEYS[at]?.[key] ?? ''
              const wanted = findBlocking(
                rows,
                (
                  {
                    bulkhead_api: 'api',
                    bulkhead_smtp: 'smtp',
                    bulkhead_sender: 'sender',
                    bulkhead_worker: 'worker',
                  } as const
                )[write.role],
                { workspaceId: WORKSPACES[at] ?? '', actor: `api_key:${subject}`, capabilities: write.needs },
                Date.now(),
              )
              const found = await tryWrite(write, at, subject)
              expect([kind, found !== null]).toEqual([kind, wanted !== undefined])
              if (wanted === undefined) passed += 1
              else refused += 1
              // The one that is named is as narrow as the model's.
              const named = rows.find((row) => row.id === found)
              expect(named?.scope).toBe(wanted?.scope)
            }
          } finally {
            await client.query('rollback')
          }
        },
      ),
      { numRuns: 150 },
    )
    expect(refused).toBeGreaterThan(50)
    expect(passed).toBeGreaterThan(50)
  }, 120_000)
})
