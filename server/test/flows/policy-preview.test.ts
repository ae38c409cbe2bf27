import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { aPerson, signIn } from './people-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const PREVIEW = '/v1/workspace/policy/preview'

describe('what a change of the policy would do', () => {
  it('is told before it is made: whose sessions end, why, and who could not come back', async () => {
    const { id: workspace } = await api.workspace()
    const owner = await aPerson(api, { workspace, role: 'owner', factor: 'passkey' })
    const developer = await aPerson(api, { workspace, role: 'developer' })
    const both = await signIn(api, developer.id, { factor: 'passkey' })
    const seen = await owner.call('POST', PREVIEW, { secondFactor: 'passkey' })
    expect(seen.status, seen.text).toBe(200)
    expect(seen.body).toMatchObject({
      changed: ['secondFactor'],
      waits: false,
      refusal: null,
      sessionsOpen: 3,
      sessionsEnding: 1,
      isComplete: true,
      policy: { secondFactor: 'passkey', sessionHours: 168 },
    })
    expect(seen.body.losing).toEqual([
      {
        memberId: developer.member,
        email: developer.email,
        name: null,
        sessions: 1,
        sessionsLeft: 1,
        reasons: ['second_factor'],
        canReturn: false,
      },
    ])
    // Nothing was changed by looking; and what was foretold is what happens.
    expect((await developer.call('GET', '/v1/members')).status).toBe(200)
    expect((await owner.call('GET', '/v1/workspace/policy')).body.secondFactor).toBe('required')
    expect((await owner.call('PUT', '/v1/workspace/policy', { secondFactor: 'passkey' })).status).toBe(200)
    expect((await developer.call('GET', '/v1/members')).status).toBe(403)
    expect((await both.call('GET', '/v1/members')).status).toBe(200)
    const after = await owner.call('POST', PREVIEW, {})
    expect(after.body).toMatchObject({ changed: [], sessionsOpen: 2, sessionsEnding: 0, losing: [] })
  })

  it('says what the server would refuse, and what would wait for another owner', async () => {
    const { id: workspace } = await api.workspace()
    const owner = await aPerson(api, { workspace, role: 'owner' })
    const admin = await aPerson(api, { workspace, role: 'admin' })
    const refused = await owner.call('POST', PREVIEW, { secondFactor: 'passkey' })
    expect(refused.body.refusal).toMatch(/lock yourself out/)
    const elsewhere = { allowedCidrs: ['203.0.113.0/24'] }
    const waiting = await owner.call('POST', PREVIEW, elsewhere)
    expect(waiting.body).toMatchObject({ waits: true, refusal: null, yourAddress: '127.0.0.1' })
    const ofAdmin = await admin.call('POST', PREVIEW, elsewhere)
    expect(ofAdmin.body.refusal).toContain('127.0.0.1')
    expect((await admin.call('PUT', '/v1/workspace/policy', elsewhere)).status).toBe(400)
    expect((await owner.call('POST', PREVIEW, { allowedCidrs: ['nowhere'] })).body.code).toBe(
      'invalid_request',
    )
  })

  it('is for those who may change it', async () => {
    const { id: workspace } = await api.workspace()
    const auditor = await aPerson(api, { workspace, role: 'auditor' })
    expect((await auditor.call('POST', PREVIEW, {})).body.code).toBe('missing_scope')
    expect((await auditor.call('GET', '/v1/workspace/policy')).body.yourAddress).toBe('127.0.0.1')
  })
})

describe('members', () => {
  it('are listed with their second factors and how many sessions are alive', async () => {
    const { id: workspace } = await api.workspace()
    const owner = await aPerson(api, { workspace, role: 'owner' })
    const other = await aPerson(api, { workspace, role: 'developer' })
    await signIn(api, other.id)
    const pool = api.database.pool('superuser')
    await pool.query(
      `insert into account.passkey (id, person_id, credential_id, public_key, binding, sealed_name)
       values (gen_random_uuid(), $1, decode(md5($2), 'hex'), decode(repeat('ab', 40), 'hex'), '\\x00', '\\x00')`,
      [other.id, other.id],
    )
    await pool.query(
      `insert into account.totp (id, person_id, sealed_seed) values (gen_random_uuid(), $1, '\\x00')`,
      [other.id],
    )
    const one = await owner.call('GET', `/v1/members/${other.member}`)
    expect(one.body).toMatchObject({
      factors: { passkeys: 1, authenticatorApp: false },
      sessions: 2,
    })
    await owner.call('DELETE', `/v1/members/${other.member}/sessions/${encodeId('session', other.sessionId)}`)
    const { body } = await owner.call('GET', '/v1/members')
    expect(body.data.map((row: { sessions: number }) => row.sessions)).toEqual([1, 1])
  })
})
