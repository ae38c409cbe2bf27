import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const WORKSPACE = '01900000-0000-7000-8000-000000000001'
const [EXEMPT, OTHER] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

describe('an address that is exempt', () => {
  it('is not suppressed by a bounce, and is by complaints, unsubscribes and people', async () => {
    const pool = database.pool('superuser')
    await pool.query("insert into workspace (id, name) values ($1, 'x')", [WORKSPACE])
    await pool.query(
      "insert into suppression_exemption (workspace_id, address_index, id, address, created_by) values ($1, $2, gen_random_uuid(), '', 'test')",
      [WORKSPACE, EXEMPT],
    )
    const suppress = async (index: Buffer, reason: string, messageId: string | null) => {
      await pool.query(
        `insert into suppression (id, workspace_id, address_index, address, reason, message_id)
         values (gen_random_uuid(), $1, $2, '', $3, $4)`,
        [WORKSPACE, index, reason, messageId],
      )
      const { rowCount } = await pool.query(
        'delete from suppression where workspace_id = $1 and address_index = $2',
        [WORKSPACE, index],
      )
      return rowCount
    }
    expect(await suppress(EXEMPT, 'hard_bounce', WORKSPACE)).toBe(0)
    expect(await suppress(OTHER, 'hard_bounce', WORKSPACE)).toBe(1)
    expect(await suppress(EXEMPT, 'complaint', WORKSPACE)).toBe(1)
    expect(await suppress(EXEMPT, 'unsubscribe', WORKSPACE)).toBe(1)
    expect(await suppress(EXEMPT, 'hard_bounce', null)).toBe(1)
  })
})
