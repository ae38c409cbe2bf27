import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId, encodeId } from '../../src/kernel/ids.ts'
import { seal } from '../../src/platform/sealing/index.ts'
import { aPerson, lettersTo } from '../support/people.ts'
import { aClient, aPassword, anAddress, aSession, kindsTo, linkIn } from './accounts-fixture.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture

beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
})
afterAll(() => api[Symbol.asyncDispose]())

const sql = (text: string, values: readonly unknown[]) => api.database.pool('superuser').query(text, values)
const personOf = async (id: string) =>
  (await api.database.pool('superuser').query('select * from account.person where id = $1', [id])).rows[0]
const countTokens = async () => (await sql('select count(*)::int as n from account.token', [])).rows[0]?.['n']

describe('sign-up', () => {
  it('proves the address, makes the account and its workspace, and the session can do nothing but enrol', async () => {
    const at = aClient(api)
    const email = anAddress()
    expect(await at.call('POST', '/v1/sign-up', { email })).toMatchObject({
      status: 202,
      body: { status: 'check_your_mail' },
    })
    const token = await linkIn(api, email, 'verify_address')
    const done = await at.call('POST', '/v1/sign-up/complete', {
      token,
      name: 'Ann',
      password: aPassword(),
      workspaceName: 'Ann’s shop',
    })
    expect(done).toMatchObject({ status: 200, body: { level: 'enrolment', factor: 'none', token: null } })
    expect(done.text).not.toContain('bhk_')
    const own = await at.call('GET', '/v1/account')
    expect(own).toMatchObject({
      status: 200,
      body: { email, name: 'Ann', hasPassword: true, workspaces: [{ name: 'Ann’s shop', role: 'owner' }] },
    })
    expect(await at.call('GET', '/v1/workspace')).toMatchObject({
      status: 403,
      body: { code: 'second_factor_required' },
    })
    expect(await at.call('PATCH', '/v1/account', { name: 'Eve' })).toMatchObject({ status: 403 })
    // The link is used up.
    expect(await aClient(api).call('POST', '/v1/sign-up/complete', { token })).toMatchObject({ status: 400 })
    const personId = decodeId('person', own.body.id)
    const { rows } = await api.database
      .pool('superuser')
      .query(`select action from audit_outbox where actor = $1 and workspace_id is not null order by at`, [
        `member:${personId}`,
      ])
    expect(rows.map((row) => row['action'])).toEqual(
      expect.arrayContaining(['workspace.created', 'person.signed_up']),
    )
  })

  it('takes the link of an invitation for proof of the address it was mailed to, once', async () => {
    const workspace = await api.workspace('Shop')
    const email = anAddress()
    const invited = await api.call(workspace.key, 'POST', '/v1/invitations/first-owner', { email })
    expect(invited.status).toBe(201)
    const token = await linkIn(api, email, 'invitation')
    const at = aClient(api)
    expect((await at.call('POST', '/v1/sign-up/complete', { token, password: aPassword() })).status).toBe(200)
    expect((await at.call('GET', '/v1/account')).body).toMatchObject({ email, workspaces: [] })
    // The session can do nothing but enrol: it is no member before there is a second factor.
    expect(await at.call('POST', '/v1/invitations/accept', { token })).toMatchObject({ status: 403 })
    const again = await aClient(api).call('POST', '/v1/sign-up/complete', { token, password: aPassword() })
    expect(again.status).toBe(409)
    await api.database
      .pool('superuser')
      .query(`update invitation set expires_at = now() - interval '1 minute' where workspace_id = $1`, [
        decodeId('workspace', workspace.id),
      ])
    const late = await aClient(api).call('POST', '/v1/sign-up/complete', { token, password: aPassword() })
    expect(late.status).toBe(400)
  })

  it('by an invitation writes nothing where the password is refused, and only so often from one client', async () => {
    const { key } = await api.workspace('Shop')
    const email = anAddress()
    await api.call(key, 'POST', '/v1/invitations/first-owner', { email })
    const token = await linkIn(api, email, 'invitation')
    const at = aClient(api)
    const complete = () => at.call('POST', '/v1/sign-up/complete', { token, password: 'short' })
    const before = await countTokens()
    expect(await complete()).toMatchObject({ status: 400, body: { errors: [{ field: 'password' }] } })
    for (let tries = 1; tries < 30; tries++) await complete()
    expect(await complete()).toMatchObject({ status: 429, body: { code: 'too_many_requests' } })
    expect(await countTokens()).toBe(before)
    expect((await aClient(api).call('POST', '/v1/sign-up/complete', { token })).status).toBe(200)
  })

  it('by an invitation makes no account of an address that somebody sealed into it in the database', async () => {
    const { key, id } = await api.workspace('Shop')
    const email = anAddress()
    const made = await api.call(key, 'POST', '/v1/invitations/first-owner', { email })
    const token = await linkIn(api, email, 'invitation')
    const [workspaceId, rowId] = [decodeId('workspace', id) ?? '', decodeId('invitation', made.body.id) ?? '']
    const place = { workspaceId, table: 'invitation', column: 'sealed_email', rowId }
    const contentKey = await api.keyring('api').contentKey(workspaceId)
    await sql('update invitation set sealed_email = $2 where id = $1', [
      rowId,
      seal(contentKey, place, Buffer.from(anAddress())),
    ])
    expect((await aClient(api).call('POST', '/v1/sign-up/complete', { token })).status).toBe(400)
  })

  it('leaves the link as it is where the password is refused, and gives a program a token', async () => {
    const at = aClient(api)
    const email = anAddress()
    await at.call('POST', '/v1/sign-up', { email })
    const token = await linkIn(api, email, 'verify_address')
    for (const password of ['short', 'passwordpassword', email]) {
      const answer = await at.call('POST', '/v1/sign-up/complete', { token, password })
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'password' }] } })
    }
    const done = await at.call('POST', '/v1/sign-up/complete', { token, transport: 'token' })
    expect(done).toMatchObject({ status: 200, body: { token: expect.stringMatching(/^bhu_/) } })
    expect(done.setCookies).toEqual([])
    expect(await api.call(done.body.token, 'GET', '/v1/account')).toMatchObject({
      body: { hasPassword: false, email },
    })
  })

  it('makes one account of two links to the same address, also when they are used at the same time', async () => {
    const email = anAddress()
    await aClient(api).call('POST', '/v1/sign-up', { email })
    const first = await linkIn(api, email, 'verify_address')
    await aClient(api).call('POST', '/v1/sign-up', { email })
    const second = await linkIn(api, email, 'verify_address')
    const answers = await Promise.all(
      [first, second, first, second, first, second].map((token) =>
        aClient(api).call('POST', '/v1/sign-up/complete', { token }),
      ),
    )
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
    for (const answer of answers) expect([200, 400, 409]).toContain(answer.status)
  })

  it('opens nothing with a token that is mistyped, of another kind, or was moved to another address in the database', async () => {
    const email = anAddress()
    const victim = await aPerson(api)
    await aClient(api).call('POST', '/v1/sign-up', { email })
    const token = await linkIn(api, email, 'verify_address')
    const wrong = [`${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`, 'bht_x', 'x'.repeat(200)]
    for (const text of wrong)
      expect((await aClient(api).call('POST', '/v1/sign-up/complete', { token: text })).status).toBe(400)
    const asReset = { token, password: aPassword() }
    expect((await aClient(api).call('POST', '/v1/password-reset/complete', asReset)).status).toBe(400)
    // Whoever writes to the database makes his own token one of the victim's.
    await api.database.pool('superuser').query(
      `update account.token set kind = 'reset', person_id = $2 where email_index = (
           select email_index from account.request where kind = 'sign_up' order by created_at desc limit 1) and $1 <> ''`,
      [email, victim.id],
    )
    expect((await aClient(api).call('POST', '/v1/password-reset/complete', asReset)).status).toBe(400)
  })

  it('lets only invited addresses in where the installation says so, with the same answer', async () => {
    await using closed = await startApi({ trustedProxies: ['127.0.0.1'], signUp: 'invited' })
    const email = anAddress()
    expect(await aClient(closed).call('POST', '/v1/sign-up', { email })).toMatchObject({
      status: 202,
      body: { status: 'check_your_mail' },
    })
    expect(await kindsTo(closed, email)).toEqual([])
    const { key } = await closed.workspace('Shop')
    expect((await closed.call(key, 'POST', '/v1/invitations/first-owner', { email })).status).toBe(201)
    expect(await aClient(closed).call('POST', '/v1/sign-up', { email })).toMatchObject({ status: 202 })
    const token = await linkIn(closed, email, 'verify_address')
    const own = { token, password: aPassword(), workspaceName: 'Mine' }
    expect(await aClient(closed).call('POST', '/v1/sign-up/complete', own)).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'workspaceName' }] },
    })
    const { workspaceName: _, ...without } = own
    expect((await aClient(closed).call('POST', '/v1/sign-up/complete', without)).status).toBe(200)
  })
})

describe('a password reset', () => {
  it('ends every session, makes none, and tells the owner', async () => {
    const person = await aPerson(api, { totp: true })
    const session = await aSession(api, person.id)
    expect(await api.call(session, 'GET', '/v1/account')).toMatchObject({
      status: 200,
      body: { factors: { totp: true } },
    })
    const at = aClient(api)
    await at.call('POST', '/v1/password-reset', { email: person.email })
    const token = await linkIn(api, person.email, 'reset')
    const password = aPassword()
    const done = await at.call('POST', '/v1/password-reset/complete', { token, password })
    expect(done).toMatchObject({ status: 204, setCookies: [], text: '' })
    expect((await api.call(session, 'GET', '/v1/account')).status).toBe(401)
    expect(await kindsTo(api, person.email)).toEqual(['reset', 'password_changed'])
    const begun = await at.call('POST', '/v1/log-in', { email: person.email, password })
    expect(begun).toMatchObject({ status: 200, body: { next: 'second_factor', session: null } })
    expect((await at.call('POST', '/v1/password-reset/complete', { token, password })).status).toBe(400)
  })

  it('makes a changed password end the other sessions, and asks for a fresh second factor first', async () => {
    const person = await aPerson(api, { totp: true })
    const [one, other] = [await aSession(api, person.id), await aSession(api, person.id)]
    expect((await api.call(one, 'POST', '/v1/account/password', { password: aPassword() })).status).toBe(204)
    expect((await api.call(one, 'GET', '/v1/account')).status).toBe(200)
    expect((await api.call(other, 'GET', '/v1/account')).status).toBe(401)
    await api.database
      .pool('superuser')
      .query(`update account.session set strong_at = now() - interval '6 minutes' where person_id = $1`, [
        person.id,
      ])
    const stale = await aSession(api, person.id)
    await api.database
      .pool('superuser')
      .query(`update account.session set strong_at = now() - interval '6 minutes' where person_id = $1`, [
        person.id,
      ])
    expect(await api.call(stale, 'POST', '/v1/account/password', { password: aPassword() })).toMatchObject({
      status: 403,
      body: { code: 'step_up_required' },
    })
  })

  it('takes one of two links that are used at the same time, and says so to the other', async () => {
    const person = await aPerson(api)
    await aClient(api).call('POST', '/v1/password-reset', { email: person.email })
    const first = await linkIn(api, person.email, 'reset')
    await aClient(api).call('POST', '/v1/password-reset', { email: person.email })
    const second = await linkIn(api, person.email, 'reset')
    const answers = await Promise.all(
      [first, second, first, second].map((token) =>
        aClient(api).call('POST', '/v1/password-reset/complete', { token, password: aPassword() }),
      ),
    )
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([204, 400, 400, 400])
  })
})

describe('the own account', () => {
  it('is renamed, and deleted without a trace of the person', async () => {
    const person = await aPerson(api, { totp: true })
    const session = await aSession(api, person.id)
    expect(await api.call(session, 'PATCH', '/v1/account', { name: 'Bo' })).toMatchObject({
      status: 200,
      body: { name: 'Bo', id: encodeId('person', person.id) },
    })
    expect((await api.call(session, 'DELETE', '/v1/account')).status).toBe(204)
    expect((await api.call(session, 'GET', '/v1/account')).status).toBe(401)
    expect(await personOf(person.id)).toMatchObject({ sealed_name: null, password_hash: null })
    const at = aClient(api)
    await at.call('POST', '/v1/sign-up', { email: person.email })
    await linkIn(api, person.email, 'verify_address')
  })

  it('is not deleted while it is the only owner of a workspace', async () => {
    const { id } = await api.workspace('Lonely')
    const person = await aPerson(api, { totp: true, memberOf: [{ workspace: id }] })
    const session = await aSession(api, person.id)
    expect(await api.call(session, 'DELETE', '/v1/account')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('Lonely') },
    })
    expect((await api.call(session, 'GET', '/v1/account')).status).toBe(200)
  })
})

describe('a change of address', () => {
  it('is inert for 24 hours: mail and reset go to the old address, which undoes it without a log-in', async () => {
    const person = await aPerson(api, { totp: true })
    const session = await aSession(api, person.id)
    const email = anAddress()
    expect(await api.call(session, 'POST', '/v1/account/email', { email })).toMatchObject({ status: 202 })
    const confirm = await linkIn(api, email, 'email_change_confirm')
    const undo = await linkIn(api, person.email, 'email_change_notice')
    const at = aClient(api)
    const confirmed = await at.call('POST', '/v1/account/email/confirm', { token: confirm })
    expect(confirmed.status).toBe(200)
    expect(Date.parse(confirmed.body.takesEffectAt) - Date.now()).toBeGreaterThan(23.9 * 3_600_000)
    expect((await api.call(session, 'GET', '/v1/account')).body).toMatchObject({
      email: person.email,
      emailChange: { email, isConfirmed: true },
    })
    await at.call('POST', '/v1/password-reset', { email })
    expect(await kindsTo(api, email)).toEqual(['email_change_confirm'])
    await at.call('POST', '/v1/password-reset', { email: person.email })
    await linkIn(api, person.email, 'reset')
    expect((await at.call('POST', '/v1/account/email/undo', { token: undo })).status).toBe(204)
    expect((await api.call(session, 'GET', '/v1/account')).status).toBe(401)
    const { rows } = await api.database
      .pool('superuser')
      .query('select state, sealed_email from account.email_change where person_id = $1', [person.id])
    expect(rows).toEqual([{ state: 'undone', sealed_email: null }])
  })

  it('takes effect after 24 hours, and the links in the old mailbox open nothing any more', async () => {
    const person = await aPerson(api, { totp: true })
    const session = await aSession(api, person.id)
    const email = anAddress()
    await api.call(session, 'POST', '/v1/account/email', { email })
    const at = aClient(api)
    await at.call('POST', '/v1/account/email/confirm', {
      token: await linkIn(api, email, 'email_change_confirm'),
    })
    await at.call('POST', '/v1/password-reset', { email: person.email })
    const reset = await linkIn(api, person.email, 'reset')
    await api.database
      .pool('superuser')
      .query(`update account.email_change set swap_at = now() where person_id = $1`, [person.id])
    await api.accountLoop.settle()
    expect((await api.call(session, 'GET', '/v1/account')).body).toMatchObject({ email, emailChange: null })
    expect(
      (await at.call('POST', '/v1/password-reset/complete', { token: reset, password: aPassword() })).status,
    ).toBe(400)
    expect((await kindsTo(api, person.email)).at(-1)).toBe('account_alert')
  })

  it('tells whoever asks nothing about an address that is taken, and its holder that somebody tried', async () => {
    const person = await aPerson(api, { totp: true })
    const holder = await aPerson(api)
    const session = await aSession(api, person.id)
    const free = await api.call(session, 'POST', '/v1/account/email', { email: anAddress() })
    const mailsForFree = await kindsTo(api, person.email)
    const taken = await api.call(session, 'POST', '/v1/account/email', { email: holder.email })
    expect([taken.status, taken.text]).toEqual([free.status, free.text])
    expect(await kindsTo(api, person.email)).toEqual([...mailsForFree, ...mailsForFree])
    expect(await kindsTo(api, holder.email)).toEqual(['address_known'])
    expect((await api.call(session, 'GET', '/v1/account')).body.emailChange).toMatchObject({
      email: holder.email,
      isConfirmed: false,
    })
    expect((await lettersTo(api, holder.email))[0]?.text).not.toContain('bht_')
  })
})

describe('whoever writes to the database', () => {
  it('gets no letter of somebody else by giving him his own index', async () => {
    const [attacker, victim] = [await aPerson(api), await aPerson(api)]
    const { rows } = await sql('select email_index from account.person where id = $1', [attacker.id])
    await sql(`update account.person set email_index = sha256(email_index) where id = $1`, [attacker.id])
    await sql('update account.person set email_index = $2 where id = $1', [
      victim.id,
      rows[0]?.['email_index'],
    ])
    await aClient(api).call('POST', '/v1/password-reset', { email: attacker.email })
    expect(await kindsTo(api, victim.email)).toEqual(['reset'])
    expect(await kindsTo(api, attacker.email)).toEqual([])
  })

  it('moves no change of address to somebody else', async () => {
    const [attacker, victim] = [await aPerson(api, { totp: true }), await aPerson(api)]
    const email = anAddress()
    await api.call(await aSession(api, attacker.id), 'POST', '/v1/account/email', { email })
    const token = await linkIn(api, email, 'email_change_confirm')
    await aClient(api).call('POST', '/v1/account/email/confirm', { token })
    await sql(`update account.email_change set person_id = $2, swap_at = now() where person_id = $1`, [
      attacker.id,
      victim.id,
    ])
    await api.accountLoop.settle()
    await aClient(api).call('POST', '/v1/password-reset', { email })
    expect(await kindsTo(api, email)).toEqual(['email_change_confirm'])
    await aClient(api).call('POST', '/v1/password-reset', { email: victim.email })
    expect(await kindsTo(api, victim.email)).toEqual(['reset'])
    await sql('delete from account.email_change where person_id = $1', [victim.id])
  })
})

describe('the operator', () => {
  it('finds a person by a known address, suspends, lets in and signs out, and sees no address in the list', async () => {
    const person = await aPerson(api, { totp: true })
    const session = await aSession(api, person.id)
    const operator = (method: string, path: string, body?: unknown) =>
      api.call(api.operatorKey, method, path, body)
    const { body: found } = await operator('POST', '/v1/people/find', { email: person.email })
    expect(found).toEqual({ id: encodeId('person', person.id) })
    expect((await operator('GET', '/v1/people?limit=100')).text).not.toContain('@')
    expect((await operator('POST', `/v1/people/${found.id}/disable`)).status).toBe(204)
    expect((await api.call(session, 'GET', '/v1/account')).status).toBe(401)
    await aClient(api).call('POST', '/v1/password-reset', { email: person.email })
    expect(await kindsTo(api, person.email)).toEqual(['account_suspended'])
    expect((await operator('POST', `/v1/people/${found.id}/enable`)).status).toBe(204)
    const again = await aSession(api, person.id)
    expect((await operator('POST', `/v1/people/${found.id}/sign-out`)).body).toEqual({ ended: 1 })
    expect((await api.call(again, 'GET', '/v1/account')).status).toBe(401)
    expect(await kindsTo(api, person.email)).toEqual(['account_suspended', 'sessions_ended'])
  })
})
