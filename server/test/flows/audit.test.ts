import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCheckpoint, parseVerifierKey } from '@bulkhead/tlog'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

describe('the audit log', () => {
  it('takes every act from the outbox and publishes it under a signed checkpoint', async () => {
    await using audit = startAudit(api.database, { signer: api.keyring('audit') })
    const { key } = await api.workspace('Logged')
    await api.call(key, 'POST', '/v1/suppressions', { email: 'ann@example.com' })
    const size = await audit.settle()
    expect(size).toBeGreaterThanOrEqual(2)
    const note = readFileSync(join(audit.directory, 'checkpoint'), 'utf8')
    expect(openCheckpoint(note, { logKeys: [parseVerifierKey(await audit.vkey())] }).size).toBe(size)
  })
})
