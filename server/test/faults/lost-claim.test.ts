import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSink } from '../../../bench/sink.ts'
import type { Pool } from '../../src/platform/postgres/index.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { startTestEngine } from '../flows/engine-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api?.[Symbol.asyncDispose]())

/** A pool on which the answer to the first claim that takes rows is lost with its connection, after the commit. */
function losingFirstClaim(pool: Pool): { pool: Pool; lost: () => number } {
  let lost = 0
  const query: Pool['query'] = async (statement, values) => {
    const result = await pool.query(statement, values)
    const name = typeof statement === 'string' ? statement : statement.name
    if (name !== 'engine.claim' || lost > 0) return result as never
    lost = result.rows.filter((row) => row['message_id'] !== null).length
    if (lost === 0) return result as never
    throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' })
  }
  return { pool: { ...pool, query }, lost: () => lost }
}

describe('a claim whose answer is lost', () => {
  it('strands nothing: its rows are found under the living lease and sent, once', async () => {
    await using sink = await startSink()
    const { key } = await api.workspace()
    const domain = await api.call(key, 'POST', '/v1/domains', { name: 'lost-claim.test' })
    expect(domain.status, domain.text).toBe(201)
    for (let i = 0; i < 5; i++) {
      const message = { from: 'a@lost-claim.test', to: `r${i}@reader.test`, subject: 'x', text: 'x' }
      expect((await api.call(key, 'POST', '/v1/messages', message)).status).toBe(202)
    }
    const losing = losingFirstClaim(api.database.pool('bulkhead_sender'))
    await using _engine = await startTestEngine({
      pool: losing.pool,
      keyring: api.keyring('sender'),
      outbound: { kind: 'relay', host: '127.0.0.1', port: sink.port, implicitTls: false, auth: undefined },
    })
    const delivered = async (): Promise<number> => (await api.call(key, 'GET', '/v1/ledger')).body.delivered
    await expect.poll(delivered, { timeout: 15_000 }).toBe(5)
    expect(losing.lost()).toBeGreaterThan(0)
    expect(sink.stats().messages).toBe(5)
  })
})
