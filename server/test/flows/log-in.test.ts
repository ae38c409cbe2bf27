import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCredentialPepper } from '../../src/security/access/index.ts'
import { createHashQueue, createPasswords } from '../../src/security/passwords/index.ts'
import { aBrowser, aPerson, lettersTo, setPolicy } from '../support/people.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
let workspace: string
let network = 0

beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
  workspace = (await api.workspace()).id
})
afterAll(() => api[Symbol.asyncDispose]())

/** Each from a network of its own, so that no limit of one test is another's. */
const browser = () => aBrowser(api, `198.18.${++network >> 8}.${network & 255}`)
const member = () => ({ memberOf: [{ workspace }] })

/** What differs between two requests in any case. */
function masked(answer: { status: number; text: string; headers: Headers }) {
  const headers = [...answer.headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
  return {
    status: answer.status,
    text: answer.text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>'),
    headers: headers.map(
      ([name, value]) => `${name}: ${value.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>')}`,
    ),
  }
}

describe('log-in', () => {
  it('takes password and code, sets a hardened cookie, and the session opens the workspace', async () => {
    const person = await aPerson(api, { ...member(), totp: true })
    const at = browser()
    const begun = await at.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    expect(begun).toMatchObject({
      status: 200,
      body: { next: 'second_factor', factors: ['totp', 'recovery_code'], session: null },
    })
    expect(begun.setCookies).toEqual([])
    const done = await at.call('POST', '/v1/log-in/second-factor', {
      challenge: begun.body.challenge,
      totp: person.totp(),
    })
    expect(done).toMatchObject({ status: 200, body: { level: 'full', factor: 'totp', token: null } })
    expect(done.setCookies.map((cookie) => cookie.replace(/=[^;]+/, '=…'))).toEqual([
      expect.stringMatching(
        /^__Host-bulkhead-session=…; Path=\/; Max-Age=60\d{4}; Secure; HttpOnly; SameSite=Strict$/,
      ),
      '__Host-bulkhead-device=…; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Strict',
    ])
    expect(await at.call('GET', '/v1/workspace')).toMatchObject({ status: 200, body: { id: workspace } })
    await expect
      .poll(() => lettersTo(api, person.email))
      .toMatchObject([{ kind: 'new_device', text: expect.stringContaining('Firefox on Linux') }])
  })

  it('answers byte for byte alike for nobody, a wrong password, no password, a suspended account, a decoy, one to be reset, and a breached password', async () => {
    const at = browser()
    const answers = []
    const wrong = { password: 'this is not the password' }
    const people = [
      { person: { email: 'nobody@people.test', password: 'x' }, shown: wrong },
      { person: await aPerson(api, member()), shown: wrong },
      { person: await aPerson(api, { ...member(), password: null }), shown: wrong },
      { person: await aPerson(api, { ...member(), disabled: true }), shown: null },
      { person: await aPerson(api, { honey: true }), shown: null },
      { person: await aPerson(api, { ...member(), mustReset: true }), shown: null },
      { person: await aPerson(api, { ...member(), password: 'password123' }), shown: null },
    ]
    for (const { person, shown } of people) {
      const password = shown?.password ?? person.password
      answers.push(masked(await at.call('POST', '/v1/log-in', { email: person.email, password })))
    }
    expect(answers[0]).toMatchObject({ status: 401 })
    for (const answer of answers) expect(answer).toEqual(answers[0])
    const breached = people[6]!.person.email
    const kinds = async () => (await lettersTo(api, breached)).map(({ kind }) => kind).toSorted()
    await expect.poll(kinds, { timeout: 10_000 }).toEqual(['password_breached', 'reset'])
    await at.call('POST', '/v1/log-in', { email: breached, password: 'password123' })
    await api.persons.drain()
    expect(await kinds()).toHaveLength(2)
  })

  it('lets a person without a second factor do nothing but add one, and from an unknown device only with the code that was mailed', async () => {
    const person = await aPerson(api, member())
    const at = browser()
    const begun = await at.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    expect(begun.body).toMatchObject({ next: 'email_code', factors: [] })
    const [letter] = await lettersTo(api, person.email)
    const code = /\b\d{4} \d{4}\b/.exec(letter?.text ?? '')?.[0] ?? ''
    const wrong = code.startsWith('0') ? '1000 0000' : '0000 0000'
    const confirm = (shown: string) =>
      at.call('POST', '/v1/log-in/email-code', { challenge: begun.body.challenge, code: shown })
    expect((await confirm(wrong)).status).toBe(401)
    expect(await confirm(code)).toMatchObject({
      status: 200,
      body: { next: 'enrol', session: { level: 'enrolment', factor: 'none' } },
    })
    expect((await confirm(code)).status).toBe(401)
    expect(await at.call('GET', '/v1/sessions')).toMatchObject({
      status: 403,
      body: { code: 'second_factor_required' },
    })
    // The device is known now.
    const again = await at.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    expect(again.body).toMatchObject({ next: 'enrol' })
  })

  it('opens without a second factor where a workspace does not demand one', async () => {
    const own = await api.workspace()
    await setPolicy(api, own.id, 'optional')
    const person = await aPerson(api, { memberOf: [{ workspace: own.id }] })
    const at = browser()
    const done = await at.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    expect(done.body).toMatchObject({ next: 'done', session: { level: 'full', factor: 'none' } })
    expect((await at.call('GET', '/v1/workspace')).status).toBe(200)
  })

  it('lets no workspace that demands none speak for another that does: the first factor takes the mailbox still', async () => {
    const [lax, strict] = [await api.workspace(), await api.workspace()]
    await setPolicy(api, lax.id, 'optional')
    const person = await aPerson(api, { memberOf: [{ workspace: lax.id }, { workspace: strict.id }] })
    const at = browser()
    const begun = await at.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    expect(begun.body).toMatchObject({ next: 'email_code', session: null })
    expect((await at.call('POST', '/v1/account/totp', {})).status).toBe(401)
  })

  it('wants the code of a mail first from an unknown device where the address was probed', async () => {
    const person = await aPerson(api, { ...member(), totp: true, flagged: true })
    const at = browser()
    const begun = await at.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    expect(begun.body).toMatchObject({ next: 'email_code', factors: ['totp', 'recovery_code'] })
    const { challenge } = begun.body
    expect(
      await at.call('POST', '/v1/log-in/second-factor', { challenge, totp: person.totp() }),
    ).toMatchObject({ status: 403, body: { code: 'second_factor_required' } })
    const [letter] = await lettersTo(api, person.email)
    const code = /\b\d{4} \d{4}\b/.exec(letter?.text ?? '')?.[0]
    expect(await at.call('POST', '/v1/log-in/email-code', { challenge, code })).toMatchObject({
      body: { next: 'second_factor' },
    })
    const done = await at.call('POST', '/v1/log-in/second-factor', {
      challenge,
      recoveryCode: person.recoveryCodes[0],
    })
    expect(done.body).toMatchObject({ level: 'full', factor: 'recovery' })
    const later = await at.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    expect(later.body).toMatchObject({ next: 'second_factor' })
  })

  it('lets nobody guess at a second factor by beginning again: after three challenges with five wrong codes the password is dead', async () => {
    const person = await aPerson(api, { ...member(), totp: true })
    const begin = async () => {
      const at = browser()
      const { status, body } = await at.call('POST', '/v1/log-in', {
        email: person.email,
        password: person.password,
      })
      return { at, status, challenge: body.challenge }
    }
    for (let n = 0; n < 3; n++) {
      const { at, challenge } = await begin()
      const guesses = await Promise.all(
        Array.from({ length: 8 }, () =>
          at.call('POST', '/v1/log-in/second-factor', { challenge, totp: '000000' }),
        ),
      )
      for (const { status } of guesses) expect([401, 429]).toContain(status)
    }
    const mustReset = async () =>
      (
        await api.database
          .pool('superuser')
          .query('select must_reset from account.person where id = $1', [person.id])
      ).rows[0]!['must_reset']
    await expect.poll(mustReset, { timeout: 15_000 }).toBe(true)
    expect((await begin()).status).toBe(401)
  })

  it('stores a password anew after costs were raised, and nothing of the person ends by it', async () => {
    const person = await aPerson(api, { ...member(), totp: true })
    const pool = api.database.pool('superuser')
    const earlier = createPasswords({
      pepper: createCredentialPepper({ keyring: api.keyring('api'), name: 'password' }),
      queue: createHashQueue(),
      costs: { memoryKib: 8_192, passes: 1, lanes: 1 },
    })
    const cheap = await earlier.hash(person.id, person.password)
    await pool.query(
      'update account.person set password_hash = $2, password_salt = $3, password_params = $4 where id = $1',
      [person.id, cheap.hash, cheap.salt, cheap.params],
    )
    const params = async () =>
      (
        await pool.query<{ password_params: string }>(
          'select password_params from account.person where id = $1',
          [person.id],
        )
      ).rows[0]?.password_params
    const at = browser()
    const tryWith = (password: string) => at.call('POST', '/v1/log-in', { email: person.email, password })
    expect((await tryWith('certainly wrong')).status).toBe(401)
    await api.persons.drain()
    expect(await params()).toBe(cheap.params)
    const begun = await tryWith(person.password)
    await api.persons.drain()
    expect(await params()).toBe('argon2id,v=19,m=19456,t=2,p=1')
    const { challenge } = begun.body
    const done = await at.call('POST', '/v1/log-in/second-factor', { challenge, totp: person.totp() })
    expect(done.status).toBe(200)
    expect((await tryWith(person.password)).status).toBe(200)
    // Another password that was set meanwhile stays.
    const late = await api.database
      .pool('bulkhead_api')
      .query<{ ok: boolean }>('select engine.rehash_password($1, $2, $2, $3, $4) as ok', [
        person.id,
        cheap.hash,
        cheap.salt,
        cheap.params,
      ])
    expect(late.rows).toEqual([{ ok: false }])
    expect((await tryWith(person.password)).status).toBe(200)
  })

  it('ends what was begun with the old password when a new one is set', async () => {
    const person = await aPerson(api, { ...member(), totp: true })
    const at = browser()
    const begun = await at.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    await api.database
      .pool('superuser')
      .query('update account.person set password_set_at = clock_timestamp() where id = $1', [person.id])
    const { challenge } = begun.body
    const shown = { challenge, recoveryCode: person.recoveryCodes[0] }
    expect((await at.call('POST', '/v1/log-in/second-factor', shown)).status).toBe(401)
  })

  it('gives five tries to a challenge, however many come at once, and takes it from the network only that showed the password', async () => {
    const person = await aPerson(api, { ...member(), totp: true })
    const at = browser()
    const begun = await at.call('POST', '/v1/log-in', { email: person.email, password: person.password })
    const { challenge } = begun.body
    const elsewhere = await browser().call('POST', '/v1/log-in/second-factor', {
      challenge,
      recoveryCode: person.recoveryCodes[0],
    })
    expect(elsewhere.status).toBe(401)
    const { rows } = await api.database
      .pool('superuser')
      .query<{ id: string }>('select id from account.login_attempt where person_id = $1', [person.id])
    const spent = await Promise.all(
      Array.from({ length: 40 }, () =>
        api.database
          .pool('bulkhead_api')
          .query<{ ok: boolean }>('select engine.spend_log_in_try($1) as ok', [rows[0]!.id]),
      ),
    )
    expect(spent.filter((result) => result.rows[0]!.ok)).toHaveLength(5)
    expect(
      (await at.call('POST', '/v1/log-in/second-factor', { challenge, totp: person.totp() })).status,
    ).toBe(401)
  })
})
