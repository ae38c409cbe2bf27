import { randomBytes, randomUUID } from 'node:crypto'
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../src/kernel/installation.ts'
import { seal } from '../../src/platform/sealing/index.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { addMember } from '../support/members.ts'
import type { SoftwareAuthenticator } from '../support/authenticator.ts'
import { PUBLIC_URL, startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const sql = async (text: string, values: readonly unknown[] = []) =>
  (await api.database.pool('superuser').query(text, [...values])).rows

/** A member of a workspace that demands a second factor, as all do unless they say otherwise. */
async function aMember(policy?: 'optional' | 'passkey'): Promise<string> {
  const id = randomUUID()
  const place = {
    workspaceId: INSTALLATION_WORKSPACE,
    table: 'account.person',
    column: 'sealed_email',
    rowId: id,
  }
  const key = await api.keyring('api').contentKey(INSTALLATION_WORKSPACE)
  const sealed = seal(key, place, Buffer.from('ann@people.test'))
  const workspace = decodeId('workspace', (await api.workspace()).id)
  await sql('insert into account.person (id, email_index, sealed_email) values ($1, $2, $3)', [
    id,
    randomBytes(32),
    sealed,
  ])
  await addMember(
    { database: api.database, keyring: api.keyring('api') },
    { workspaceId: workspace ?? '', personId: id, role: 'developer' },
  )
  if (policy !== undefined)
    await sql('insert into workspace_policy (workspace_id, second_factor) values ($1, $2)', [
      workspace,
      policy,
    ])
  return id
}

type Call = (method: string, path: string, body?: unknown) => Promise<Answer>

/** A session as log-in would make it. */
async function aSession(
  personId: string,
  level: 'enrolment' | 'full',
  factor: 'none' | 'totp' | 'passkey' = level === 'enrolment' ? 'none' : 'totp',
): Promise<{ call: Call; token: string; sessionId: string }> {
  const client = {
    address: '192.0.2.7',
    userAgent: 'test',
    device: null,
    sessionToken: null,
    transport: 'none',
  } as const
  const made = await api.persons.sessionIssuer.issue({ personId, level, factor, client, tell: false })
  const token = made.token.reveal()
  return { call: callWith(token), token, sessionId: made.sessionId }
}

const callWith =
  (token: string): Call =>
  (method, path, body) =>
    api.call(token, method, path, body)

/** As if the second factor had been shown ten minutes ago; the api believes what it read for a second. */
async function letTimePass(sessionId: string, call: Call): Promise<void> {
  await sql(`update account.session set strong_at = strong_at - interval '10 minutes' where id = $1`, [
    sessionId,
  ])
  await expect
    .poll(async () => (await call('POST', '/v1/account/totp', {})).status, { timeout: 5_000 })
    .toBe(403)
}

async function addPasskey(call: Call, device: SoftwareAuthenticator, name = 'A laptop'): Promise<Answer> {
  const options = await call('POST', '/v1/account/passkeys/options', {})
  if (options.status !== 200) return options
  return call('POST', '/v1/account/passkeys', { name, response: device.create(options.body) })
}

async function addTotp(call: Call): Promise<{ app: TOTP; answer: Answer }> {
  const begun = await call('POST', '/v1/account/totp', {})
  const app = new TOTP({ secret: Secret.fromBase32(begun.body.secret) })
  const code = app.generate({ timestamp: Date.now() - 30_000 })
  return { app, answer: await call('POST', '/v1/account/totp/confirm', { code }) }
}

const aDevice = () => createAuthenticator({ origin: new URL(PUBLIC_URL).origin })
const factorsOf = async (call: Call) => (await call('GET', '/v1/account/factors')).body

describe('the first factor', () => {
  it('gives a full session, and the one that added it is over (session fixation)', async () => {
    const personId = await aMember()
    const [enrolling, other] = [await aSession(personId, 'enrolment'), await aSession(personId, 'enrolment')]
    expect((await enrolling.call('GET', '/v1/messages')).body.code).toBe('second_factor_required')
    const added = await addPasskey(enrolling.call, aDevice())
    expect(added).toMatchObject({
      status: 201,
      body: { id: expect.stringMatching(/^fac_/), session: { level: 'full', factor: 'passkey' } },
    })
    expect(added.body.session.token).not.toBe(enrolling.token)
    const full = callWith(added.body.session.token)
    expect((await full('GET', '/v1/messages')).status).toBe(200)
    for (const dead of [enrolling, other]) {
      await expect.poll(async () => (await dead.call('GET', '/v1/account/factors')).status).toBe(401)
    }
    expect(await factorsOf(full)).toMatchObject({
      passkeys: [{ id: added.body.id, name: 'A laptop', lastUsedAt: null }],
      authenticatorApp: null,
      recoveryCodesLeft: 0,
    })
  })

  it('may be an authenticator app; its secret is shown once', async () => {
    const enrolling = await aSession(await aMember(), 'enrolment')
    const { answer } = await addTotp(enrolling.call)
    expect(answer).toMatchObject({ status: 201, body: { session: { level: 'full', factor: 'totp' } } })
    const full = callWith(answer.body.session.token)
    const listed = await factorsOf(full)
    expect(listed.authenticatorApp).toEqual({
      id: answer.body.id,
      createdAt: expect.any(String),
      lastUsedAt: expect.any(String),
    })
  })

  it('goes to a browser in a cookie that scripts do not see', async () => {
    const enrolling = await aSession(await aMember(), 'enrolment')
    const headers = {
      cookie: `__Host-bulkhead-session=${enrolling.token}`,
      'content-type': 'application/json',
      'bulkhead-csrf': '1',
      'sec-fetch-site': 'same-origin',
    }
    const post = (path: string, body: unknown) =>
      fetch(`${api.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const options: unknown = await (await post('/v1/account/passkeys/options', {})).json()
    const response = aDevice().create(options as PublicKeyCredentialCreationOptionsJSON)
    const added = await post('/v1/account/passkeys', { name: 'x', response })
    expect(added.status).toBe(201)
    expect(await added.json()).toMatchObject({ session: { token: null } })
    const cookie = added.headers.getSetCookie().find((one) => one.startsWith('__Host-bulkhead-session='))
    expect(cookie).toMatch(/; Secure; HttpOnly; SameSite=Strict$/)
  })
})

describe('a session that has shown no second factor', () => {
  it('adds none to a person who has one: a password alone gets past no factor', async () => {
    const personId = await aMember()
    await addPasskey((await aSession(personId, 'full')).call, aDevice())
    const enrolling = await aSession(personId, 'enrolment')
    const refused = [
      await enrolling.call('POST', '/v1/account/passkeys/options', {}),
      await enrolling.call('POST', '/v1/account/totp', {}),
      await enrolling.call('POST', '/v1/account/recovery-codes', {}),
    ]
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      refused.map(() => [403, 'second_factor_required']),
    )
    // Options that it was given before there was one.
    const early = await aMember()
    const session = await aSession(early, 'enrolment')
    const options = await session.call('POST', '/v1/account/passkeys/options', {})
    await sql(
      `insert into account.passkey (id, person_id, credential_id, public_key, binding, sealed_name)
       values (gen_random_uuid(), $1, $2, $3, 'x', 'x')`,
      [early, randomBytes(32), randomBytes(77)],
    )
    const late = await session.call('POST', '/v1/account/passkeys', {
      name: 'x',
      response: aDevice().create(options.body),
    })
    expect([late.status, late.body.code]).toEqual([403, 'second_factor_required'])
  })

  it('removes none', async () => {
    const personId = await aMember()
    const added = await addPasskey((await aSession(personId, 'full')).call, aDevice())
    const full = callWith(added.body.session.token)
    const { id } = (await factorsOf(full)).passkeys[0]
    const enrolling = await aSession(personId, 'enrolment')
    const removed = await enrolling.call('DELETE', `/v1/account/factors/${id}`)
    expect([removed.status, removed.body.code]).toEqual([403, 'second_factor_required'])
  })
})

describe('a full session', () => {
  it('changes factors only while its own was shown within five minutes', async () => {
    const personId = await aMember()
    const first = await addTotp((await aSession(personId, 'enrolment')).call)
    const session = first.answer.body.session
    const call = callWith(session.token)
    expect((await addPasskey(call, aDevice())).body.session).toBeNull()
    const { passkeys } = await factorsOf(call)
    await letTimePass(decodeId('session', session.id) ?? '', call)
    const refused = [
      await call('POST', '/v1/account/passkeys/options', {}),
      await call('POST', '/v1/account/totp', {}),
      await call('POST', '/v1/account/totp/confirm', { code: '000000' }),
      await call('POST', '/v1/account/recovery-codes', {}),
      await call('DELETE', `/v1/account/factors/${passkeys[0].id}`),
    ]
    expect(refused.map(({ body }) => [body.code, body.maxAgeSeconds])).toEqual(
      refused.map(() => ['step_up_required', 300]),
    )
    expect((await call('GET', '/v1/account/factors')).status).toBe(200)
    const shown = await call('POST', '/v1/session/step-up', { totp: first.app.generate() })
    expect(shown.status).toBe(204)
    expect((await call('DELETE', `/v1/account/factors/${passkeys[0].id}`)).status).toBe(204)
  })

  it('keeps the last factor that a workspace demands, and says so', async () => {
    const enrolled = await addPasskey((await aSession(await aMember(), 'enrolment')).call, aDevice())
    const call = callWith(enrolled.body.session.token)
    const kept = await call('DELETE', `/v1/account/factors/${enrolled.body.id}`)
    expect([kept.status, kept.body.code]).toEqual([409, 'conflict'])
    expect(kept.body.detail).toContain('Add another first')
    const { answer } = await addTotp(call)
    expect((await call('DELETE', `/v1/account/factors/${enrolled.body.id}`)).status).toBe(204)
    expect((await call('DELETE', `/v1/account/factors/${enrolled.body.id}`)).status).toBe(404)
    expect((await call('DELETE', `/v1/account/factors/${answer.body.id}`)).status).toBe(409)
  })

  it('ends the others when it removes a factor, and reaches nobody else’s', async () => {
    const [ann, eve] = [await aMember('optional'), await aMember()]
    const enrolled = await addPasskey((await aSession(ann, 'enrolment')).call, aDevice())
    const call = callWith(enrolled.body.session.token)
    const other = await aSession(ann, 'full', 'passkey')
    const foreign = await addPasskey((await aSession(eve, 'enrolment')).call, aDevice())
    const missed = await call('DELETE', `/v1/account/factors/${foreign.body.id}`)
    expect([missed.status, missed.body.code]).toEqual([404, 'not_found'])
    expect((await call('DELETE', `/v1/account/factors/${enrolled.body.id}`)).status).toBe(204)
    await expect.poll(async () => (await other.call('GET', '/v1/account/factors')).status).toBe(401)
    expect((await call('GET', '/v1/account/factors')).status).toBe(200)
  })

  it('makes ten recovery codes, shown once, which take the place of those from before', async () => {
    const { answer } = await addTotp((await aSession(await aMember(), 'enrolment')).call)
    const call = callWith(answer.body.session.token)
    const first = (await call('POST', '/v1/account/recovery-codes', {})).body.recoveryCodes
    const second = (await call('POST', '/v1/account/recovery-codes', {})).body.recoveryCodes
    expect(new Set([...first, ...second]).size).toBe(20)
    expect((await factorsOf(call)).recoveryCodesLeft).toBe(10)
    const worn = await call('POST', '/v1/session/step-up', { recoveryCode: first[0] })
    expect(worn.body.code).toBe('step_up_required')
    expect((await call('POST', '/v1/session/step-up', { recoveryCode: second[0] })).status).toBe(204)
    expect((await factorsOf(call)).recoveryCodesLeft).toBe(9)
  })
})

describe('every change', () => {
  it('is on record and told to the person, in its own commit', async () => {
    const personId = await aMember('optional')
    const { answer } = await addTotp((await aSession(personId, 'enrolment')).call)
    const call = callWith(answer.body.session.token)
    await call('POST', '/v1/account/recovery-codes', {})
    await call('DELETE', `/v1/account/factors/${answer.body.id}`)
    const told = await sql('select kind from security_alert where person_id = $1 order by id', [personId])
    const expected = ['second_factor.added', 'second_factor.recovery_codes_made', 'second_factor.removed']
    expect(told.map((row) => row.kind)).toEqual(expected)
    const recorded = await sql(
      `select action from audit_outbox where target = $1 and action like 'second_factor.%' order by id`,
      [personId],
    )
    expect(recorded.map((row) => row.action)).toEqual(expected)
  })

  it('says what is wrong, and takes no hostile response', async () => {
    const call = (await aSession(await aMember(), 'enrolment')).call
    const options = await call('POST', '/v1/account/passkeys/options', {})
    const device = aDevice()
    const bad = await call('POST', '/v1/account/passkeys', {
      name: 'x',
      response: device.create(options.body, { userVerified: false }),
    })
    expect(bad.status).toBe(400)
    expect(bad.text).toContain('did not verify who uses it')
    // The challenge is burnt.
    const again = await call('POST', '/v1/account/passkeys', {
      name: 'x',
      response: device.create(options.body),
    })
    expect(again.status).toBe(400)
    const huge = {
      id: 'AAAA',
      type: 'public-key',
      response: { clientDataJSON: 'a'.repeat(60_000), attestationObject: 'a' },
    }
    expect((await call('POST', '/v1/account/passkeys', { name: 'x', response: huge })).status).toBe(400)
    expect(
      (
        await call('POST', '/v1/account/passkeys', {
          name: 'x',
          response: { ...huge, pad: 'a'.repeat(70_000) },
        })
      ).status,
    ).toBe(413)
    expect((await call('POST', '/v1/account/totp/confirm', { code: '123456' })).status).toBe(409)
    await call('POST', '/v1/account/totp', {})
    const wrong = await call('POST', '/v1/account/totp/confirm', { code: '12' })
    expect([wrong.status, wrong.body.code]).toEqual([400, 'invalid_request'])
  })

  it('is refused to API keys: factors are people’s', async () => {
    const { key } = await api.workspace()
    for (const path of ['/v1/account/totp', '/v1/account/recovery-codes']) {
      expect((await api.call(key, 'POST', path, {})).status).toBe(403)
    }
    expect((await api.call('', 'GET', '/v1/account/factors')).status).toBe(401)
  })
})
