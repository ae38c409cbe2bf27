import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(() => api.database.pool('superuser').query('delete from process'))

/** As a process of the kind beats; `ready` is what it says of itself. */
async function beat(kind: string, ready = true): Promise<void> {
  await api.database.pool('superuser').query(
    `insert into process (id, kind, host, pid, ready, detail, token_hash)
     values ($1, $2, 'h', 1, $3, '{}', sha256($4))`,
    [randomUUID(), kind, ready, Buffer.from(kind)],
  )
}

async function readiness(): Promise<{ status: number; problems: string[]; warnings: string[] }> {
  const { status, body } = await api.call('', 'GET', '/readyz')
  return { status, problems: body.problems, warnings: body.warnings }
}

describe('/readyz', () => {
  it('is 503 and names what mail needs and lacks', async () => {
    for (const kind of ['api', 'smtp', 'worker']) await beat(kind)
    await beat('sender', false)
    expect(await readiness()).toMatchObject({ status: 503, problems: ['sender: no process is ready'] })
  })

  it('is 200 with a warning while no process audits or serves staff, and without one where they do', async () => {
    for (const kind of ['api', 'smtp', 'sender', 'worker']) await beat(kind)
    await beat('audit', false)
    expect(await readiness()).toEqual({
      status: 200,
      problems: [],
      warnings: [
        'audit: no process is ready: acts that need a record are refused two minutes after it went; mail flows',
        'staff: no process is ready: staff cannot act; what is contained stays contained',
      ],
    })
    for (const kind of ['audit', 'staff']) await beat(kind)
    expect(await readiness()).toEqual({ status: 200, problems: [], warnings: [] })
  })
})
