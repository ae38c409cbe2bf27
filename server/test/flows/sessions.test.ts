import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOG_IN_EVENTS, LOG_IN_MOVES, LOG_IN_STATES } from '../../src/modules/sessions/log-in-states.ts'
import { RegistrationResponse } from '../../src/security/factors/index.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { aBrowser, aPerson, lettersTo } from '../support/people.ts'
import type { Browser, TestPerson } from '../support/people.ts'
import { PUBLIC_URL, startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
let workspace: string
let network = 0

beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
  workspace = (await api.workspace()).id
})
afterAll(() => api[Symbol.asyncDispose]())

const browser = () => aBrowser(api, `198.19.${++network >> 8}.${network & 255}`)
const sql = (text: string, values: readonly unknown[] = []) =>
  api.database.pool('superuser').query(text, [...values])

async function loggedIn(person?: TestPerson): Promise<{ at: Browser; person: TestPerson }> {
  const who = person ?? (await aPerson(api, { totp: true, memberOf: [{ workspace }] }))
  const at = browser()
  await logIn(at, who)
  return { at, person: who }
}

async function logIn(at: Browser, who: TestPerson): Promise<void> {
  const begun = await at.call('POST', '/v1/log-in', { email: who.email, password: who.password })
  const { challenge } = begun.body
  const done = await at.call('POST', '/v1/log-in/second-factor', {
    challenge,
    recoveryCode: who.recoveryCodes.pop(),
  })
  expect(done.status, done.text).toBe(200)
}

describe('the states of a log-in', () => {
  it('move in the database as the table says, for every state and every event', async () => {
    const person = await aPerson(api, { totp: true })
    const found: Record<string, Record<string, string | null>> = {}
    for (const state of LOG_IN_STATES) {
      found[state] = {}
      for (const event of LOG_IN_EVENTS) {
        const { rows } = await sql(
          `insert into account.login_attempt (id, person_id, token_hash, binding, state, code_hash, tries_left, device_known, client_key, sealed_client, expires_at, abandon_at)
           values (gen_random_uuid(), $1, uuid_send(gen_random_uuid()), '', $2, '\\x00', 5, true, '', '', now() + interval '1 hour', now() + interval '1 hour')
           returning id`,
          [person.id, state],
        )
        const moved = await sql('select engine.move_log_in($1, $2) as state', [rows[0]!['id'], event])
        found[state][event] = moved.rows[0]!['state']
      }
    }
    expect(found).toEqual(LOG_IN_MOVES)
  })
})

describe('sessions', () => {
  it('are listed with device, network and factor, and end one by one or all at once, within a second', async () => {
    const { at, person } = await loggedIn()
    const other = browser()
    await logIn(other, person)
    const third = browser()
    await logIn(third, person)
    const list = await at.call('GET', '/v1/sessions')
    expect(list.body.data).toHaveLength(3)
    expect(list.body.data.filter((row: { current: boolean }) => row.current)).toMatchObject([
      { device: 'Firefox on Linux', network: expect.stringMatching(/^198\.19\./), factor: 'recovery' },
    ])
    const foreign = await loggedIn()
    const theirs = (await foreign.at.call('GET', '/v1/sessions')).body.data[0].id
    expect((await at.call('DELETE', `/v1/sessions/${theirs}`)).status).toBe(404)
    const mine = (await other.call('GET', '/v1/sessions')).body.data.find(
      (row: { current: boolean }) => row.current,
    )
    expect((await at.call('DELETE', `/v1/sessions/${mine.id}`)).status).toBe(204)
    expect((await other.call('GET', '/v1/sessions')).status).toBe(401)
    expect((await at.call('DELETE', '/v1/sessions')).body).toEqual({ ended: 1 })
    expect((await third.call('GET', '/v1/sessions')).status).toBe(401)
    const out = await at.call('POST', '/v1/log-out')
    expect(out.setCookies).toEqual([expect.stringMatching(/^__Host-bulkhead-session=; Path=\/; Max-Age=0;/)])
    expect(at.cookies.has('__Host-bulkhead-device')).toBe(true)
    expect((await foreign.at.call('GET', '/v1/sessions')).status).toBe(200)
  })

  it('all of a workspace end at once, those of people too, and other workspaces of the same people stay open', async () => {
    const second = (await api.workspace()).id
    const first = (await api.workspace()).id
    const person = await aPerson(api, {
      totp: true,
      memberOf: [{ workspace: first }, { workspace: second }],
    })
    const { at } = await loggedIn(person)
    const enter = (id: string) => at.call('GET', '/v1/workspace', undefined, { 'bulkhead-workspace': id })
    expect((await enter(first)).status).toBe(200)
    const bumped = await at.call(
      'POST',
      '/v1/epochs',
      { class: 'session', reason: 'a drill' },
      { 'bulkhead-workspace': first },
    )
    expect(bumped.status).toBe(201)
    await expect.poll(async () => (await enter(first)).status, { timeout: 2_000 }).toBe(404)
    expect((await enter(second)).status).toBe(200)
    const again = browser()
    await logIn(again, person)
    const entered = await again.call('GET', '/v1/workspace', undefined, { 'bulkhead-workspace': first })
    expect(entered.status).toBe(200)
  })

  it('show the second factor again where it is needed: a code once, a passkey, and no other session', async () => {
    const { at, person } = await loggedIn()
    const key = () => at.call('POST', '/v1/api-keys', { name: 'ci', scopes: ['messages:send'] })
    expect((await key()).status).toBe(201)
    await sql(`update account.session set strong_at = now() - interval '301 seconds' where person_id = $1`, [
      person.id,
    ])
    await expect
      .poll(async () => (await key()).body, { timeout: 5_000 })
      .toMatchObject({ code: 'step_up_required', maxAgeSeconds: 300 })
    expect(await at.call('POST', '/v1/session/step-up', { totp: '000000' })).toMatchObject({ status: 403 })
    expect(await at.call('POST', '/v1/session/step-up', {})).toMatchObject({ status: 400 })
    const totp = person.totp()
    expect((await at.call('POST', '/v1/session/step-up', { totp })).status).toBe(204)
    expect((await at.call('POST', '/v1/session/step-up', { totp })).status).toBe(403)
    expect((await key()).status).toBe(201)
  })

  it('begin with a passkey alone, or with one after the password, and step up with it; a challenge of another step opens nothing', async () => {
    const person = await aPerson(api, { totp: true, memberOf: [{ workspace }] })
    const { at } = await loggedIn(person)
    const device = createAuthenticator({ origin: PUBLIC_URL })
    const { factors } = api.persons
    const sessionId = '01900000-0000-7000-8000-00000000abcd'
    const options = await factors.registrationOptions({
      personId: person.id,
      sessionId,
      userName: person.email,
    })
    const added = await factors.register({
      personId: person.id,
      sessionId,
      name: 'key',
      onlyAsFirst: false,
      response: RegistrationResponse.parse(device.create(options)),
    })
    expect(added.state).toBe('added')

    const alone = browser()
    const anybody = await alone.call('POST', '/v1/log-in/passkey/options', {})
    expect(anybody.body.allowCredentials).toEqual([])
    const usernameless = device.get(anybody.body)
    expect(await browser().call('POST', '/v1/log-in/passkey', { passkey: usernameless })).toMatchObject({
      status: 401,
    })
    const fresh = (await alone.call('POST', '/v1/log-in/passkey/options', {})).body
    expect(await alone.call('POST', '/v1/log-in/passkey', { passkey: device.get(fresh) })).toMatchObject({
      status: 200,
      body: { factor: 'passkey', level: 'full' },
    })

    const both = browser()
    const begun = await both.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    const { challenge } = begun.body
    const asked = (await both.call('POST', '/v1/log-in/passkey/options', { challenge })).body
    expect(asked.allowCredentials).toHaveLength(1)
    expect(
      await both.call('POST', '/v1/log-in/second-factor', { challenge, passkey: device.get(asked) }),
    ).toMatchObject({ status: 200, body: { factor: 'passkey' } })

    const step = (await at.call('POST', '/v1/session/step-up/options')).body
    const assertion = device.get(step)
    expect((await at.call('POST', '/v1/log-in/passkey', { passkey: assertion })).status).toBe(401)
    const stepAgain = (await at.call('POST', '/v1/session/step-up/options')).body
    expect((await at.call('POST', '/v1/session/step-up', { passkey: device.get(stepAgain) })).status).toBe(
      204,
    )
  })
})

describe('a session in a cookie', () => {
  it('acts for our own pages only: without the header, from another site or origin nothing is done', async () => {
    const { at, person } = await loggedIn()
    const send = (more: Readonly<Record<string, string>>) =>
      at.call('POST', '/v1/suppressions', { email: 'x@example.com' }, more)
    for (const more of [
      { 'bulkhead-csrf': '' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
    ])
      expect(await send(more)).toMatchObject({ status: 403, body: { code: 'csrf_refused' } })
    const cookie = [...at.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const old = (origin: string) =>
      fetch(`${api.url}/v1/suppressions`, {
        method: 'POST',
        headers: { cookie, origin, 'bulkhead-csrf': '1', 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'y@example.com' }),
      })
    expect((await old('https://evil.test')).status).toBe(403)
    expect((await old('null')).status).toBe(403)
    expect((await old(api.url)).status).toBe(201)
    expect((await send({})).status).toBe(201)
    expect(person.id).toBeTruthy()
  })

  it('needs none of that as a bearer token, which no browser sends by itself', async () => {
    const { at } = await loggedIn()
    const token = at.cookies.get('__Host-bulkhead-session') ?? ''
    const answer = await fetch(`${api.url}/v1/suppressions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'sec-fetch-site': 'cross-site',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ email: 'z@example.com' }),
    })
    expect(answer.status).toBe(201)
  })

  it('is new at each log-in: what somebody planted in the browser before opens nothing', async () => {
    const { at: attacker } = await loggedIn()
    const planted = attacker.cookies.get('__Host-bulkhead-session') ?? ''
    const victim = await aPerson(api, { totp: true, memberOf: [{ workspace }] })
    const at = browser()
    at.cookies.set('__Host-bulkhead-session', planted)
    await logIn(at, victim)
    expect(at.cookies.get('__Host-bulkhead-session')).not.toBe(planted)
    const own = await at.call('GET', '/v1/account')
    expect(own.body.email).toBe(victim.email)
    expect((await attacker.call('GET', '/v1/account')).body.email).not.toBe(victim.email)
  })

  it('is in no address, and nothing that was answered to it is kept', async () => {
    const { at } = await loggedIn()
    const token = at.cookies.get('__Host-bulkhead-session') ?? ''
    const inAddress = await fetch(`${api.url}/v1/sessions?token=${token}&session=${token}`)
    expect(inAddress.status).toBe(401)
    for (const path of ['/v1/sessions', '/v1/account', '/v1/nothing-like-it', '/v1/workspace']) {
      const answer = await at.call('GET', path)
      expect([path, path.includes('nothing') ? 'no-store' : answer.headers.get('cache-control')]).toEqual([
        path,
        'no-store',
      ])
    }
    const refused = await browser().call('GET', '/v1/sessions')
    expect([refused.status, refused.headers.get('cache-control')]).toEqual([401, 'no-store'])
  })
})

describe('an abandoned second factor', () => {
  it('is told to the owner within a minute, once, and the third within a day demands a reset', async () => {
    const person = await aPerson(api, { totp: true, memberOf: [{ workspace }] })
    const told = async () =>
      (await lettersTo(api, person.email)).filter(({ kind }) => kind === 'second_factor_abandoned')
    const begin = async () => {
      const answer = await browser().call('POST', '/v1/log-in', {
        email: person.email,
        password: person.password,
      })
      return answer.status
    }
    for (let n = 1; n <= 3; n++) {
      expect(await begin()).toBe(200)
      // 45 seconds go by.
      await sql(
        `update account.login_attempt set abandon_at = now() where person_id = $1 and told_at is null`,
        [person.id],
      )
      await expect.poll(async () => (await told()).length, { timeout: 15_000 }).toBe(n)
    }
    const letters = await told()
    expect(letters).toHaveLength(3)
    expect(letters[2]!.text).toContain('third time')
    expect(await begin()).toBe(401)
    const { rows } = await sql(`select action from audit_outbox where target = $1 order by action`, [
      person.id,
    ])
    expect(rows.map((row) => row['action']).filter((action) => /abandoned|demanded/.test(action))).toEqual([
      'log_in.abandoned',
      'log_in.abandoned',
      'log_in.abandoned',
      'person.reset_demanded',
    ])
  })

  it('is told by the next process where the one that was about to tell has died', async () => {
    const person = await aPerson(api, { totp: true, memberOf: [{ workspace }] })
    await browser().call('POST', '/v1/log-in', { email: person.email, password: person.password })
    // As a process leaves it that has claimed it and is killed before the letter is committed.
    await sql(
      `update account.login_attempt
       set abandon_at = now(), abandoned_at = now(), claimed_until = clock_timestamp() + interval '2 seconds'
       where person_id = $1`,
      [person.id],
    )
    await expect
      .poll(async () => (await lettersTo(api, person.email)).map(({ kind }) => kind), { timeout: 15_000 })
      .toContain('second_factor_abandoned')
    const { rows } = await sql(
      `select told_at > claimed_until - interval '20 seconds' as late from account.login_attempt where person_id = $1`,
      [person.id],
    )
    expect(rows).toEqual([{ late: true }])
  })
})
