import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONTAINMENT_ACTS, CONTAINMENT_MOVES, CONTAINMENT_STATES } from '../../kernel/containment.ts'
import type { ContainmentAct, ContainmentState } from '../../kernel/containment.ts'
import { createIdGenerator } from '../../kernel/ids.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'

const newId = createIdGenerator()
const workspace = newId()
const people = [newId(), newId()] as const

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  const superuser = database.pool('superuser')
  await superuser.query(`insert into workspace (id, name) values ($1, 'W')`, [workspace])
  for (const id of people)
    await superuser.query(
      `insert into api_key (id, workspace_id, name, prefix, secret_hash, scopes) values ($1, $2, 'k', 'p', $3, '{}')`,
      [id, workspace, Buffer.from(id)],
    )
})
afterAll(() => database[Symbol.asyncDispose]())

/** A containment in a state, reached as the product reaches it. Running out is what time does; here the row's end is moved. */
async function inState(state: ContainmentState): Promise<string> {
  const rows = await asWorkspace(
    `select id from engine.contain('workspace', $1, null, 'any', '{webhook}', 'policy', 'x', null, null, now() + interval '1 hour', $2)`,
    [workspace, `api_key:${people[0]}`],
  )
  const id = String(rows[0]?.['id'])
  if (state === 'lift_requested' || state === 'lifted') await act('request_lift', id, 0)
  if (state === 'lifted') await act('lift', id, 1)
  if (state === 'expired') await act('expire', id, 0)
  expect(await stateOf(id)).toBe(state)
  return id
}

async function asWorkspace(text: string, values: unknown[]): Promise<Record<string, unknown>[]> {
  const done = await database
    .pool('bulkhead_api')
    .transaction((transaction) => transaction.query<Record<string, unknown>>(text, values), {
      workspaceId: workspace,
    })
  return done.rows
}

async function act(what: ContainmentAct, id: string, person: 0 | 1): Promise<void> {
  if (what !== 'expire') {
    await asWorkspace(`select engine.${what}($1, $2, 'x')`, [id, `api_key:${people[person]}`])
    return
  }
  await database
    .pool('superuser')
    .query(
      `update containment set made_at = made_at - interval '1 day', until = until - interval '1 day' where id = $1`,
      [id],
    )
  await database.pool('bulkhead_worker').query('select engine.expire_containments(100)')
}

async function stateOf(id: string): Promise<string> {
  const { rows } = await database
    .pool('superuser')
    .query<{ state: string }>('select state from containment where id = $1', [id])
  return rows[0]?.state ?? 'none'
}

describe('the state machine of a containment', () => {
  for (const state of CONTAINMENT_STATES) {
    for (const what of CONTAINMENT_ACTS) {
      const next = CONTAINMENT_MOVES[state][what]
      it(`${what} of one that is ${state}: ${next ?? 'refused, and nothing changes'}`, async () => {
        const id = await inState(state)
        const tried = await act(what, id, 1).then(
          () => 'done',
          (error: unknown) => errorCode(error),
        )
        // Nobody asks for an expiry; what is over stays as it is.
        expect(tried).toBe(next === null && what !== 'expire' ? 'BH409' : 'done')
        expect(await stateOf(id)).toBe(next ?? state)
      })
    }
  }
})
