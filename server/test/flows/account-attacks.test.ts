import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { aPerson } from '../support/people.ts'
import { age, aClient, anAddress, aPassword, aSession, kindsTo, linkIn } from './accounts-fixture.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture

beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
})
afterAll(() => api[Symbol.asyncDispose]())

const sql = async (text: string, values: readonly unknown[] = []) =>
  (await api.database.pool('superuser').query<Record<string, unknown>>(text, values)).rows

/** Somebody whose session was stolen, and the change of address that the thief has begun and confirmed. */
async function robbed() {
  const person = await aPerson(api, { totp: true })
  const session = await aSession(api, person.id)
  const rogue = anAddress()
  await api.call(session, 'POST', '/v1/account/email', { email: rogue })
  const confirm = async (email: string) =>
    (
      await aClient(api).call('POST', '/v1/account/email/confirm', {
        token: await linkIn(api, email, 'email_change_confirm'),
      })
    ).status
  expect(await confirm(rogue)).toBe(200)
  return { person, session, confirm }
}

const openChanges = (personId: string) =>
  sql('select state from account.email_change where person_id = $1 and ended_at is null', [personId])

describe('a thief who changes the address', () => {
  it('makes no link to undo worthless by asking again', async () => {
    const { person, session, confirm } = await robbed()
    const undo = await linkIn(api, person.email, 'email_change_notice')
    const other = anAddress()
    await api.call(session, 'POST', '/v1/account/email', { email: other })
    expect(await confirm(other)).toBe(200)
    expect((await aClient(api).call('POST', '/v1/account/email/undo', { token: undo })).status).toBe(204)
    expect(await openChanges(person.id)).toEqual([])
    expect((await api.call(session, 'GET', '/v1/account')).status).toBe(401)
  })

  it('loses it where the owner sets a new password with a link to the old address', async () => {
    const { person } = await robbed()
    await aClient(api).call('POST', '/v1/password-reset', { email: person.email })
    const token = await linkIn(api, person.email, 'reset')
    const reset = await aClient(api).call('POST', '/v1/password-reset/complete', {
      token,
      password: aPassword(),
    })
    expect(reset.status).toBe(204)
    expect(await openChanges(person.id)).toEqual([])
  })

  it('loses it where the operator suspends the account', async () => {
    const { person } = await robbed()
    const path = `/v1/people/${encodeId('person', person.id)}`
    expect((await api.call(api.operatorKey, 'POST', `${path}/disable`)).status).toBe(204)
    expect(await openChanges(person.id)).toEqual([])
  })

  it('does not fill the old mailbox: five changes, then one an hour', async () => {
    const person = await aPerson(api, { totp: true })
    const session = await aSession(api, person.id)
    const statuses: number[] = []
    for (let n = 0; n < 6; n++)
      statuses.push((await api.call(session, 'POST', '/v1/account/email', { email: anAddress() })).status)
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429])
  })

  it('keeps no link of the old mailbox alive: a reset is for who had the address when it was asked for', async () => {
    const person = await aPerson(api, { totp: true })
    await aClient(api).call('POST', '/v1/password-reset', { email: person.email })
    const token = await linkIn(api, person.email, 'reset')
    // A letter that was written while the address was swapped.
    await sql('update account.person set email_index = sha256(email_index) where id = $1', [person.id])
    const reset = await aClient(api).call('POST', '/v1/password-reset/complete', {
      token,
      password: aPassword(),
    })
    expect(reset.status).toBe(400)
  })
})

/** How many letters of a day are asked for by somebody who never stops. */
async function perDay(path: string, email: string): Promise<number> {
  await sql('delete from account.request')
  for (let minute = 0; minute < 1440; minute += 20) {
    for (let n = 0; n < 4; n++) expect((await aClient(api).call('POST', path, { email })).status).toBe(202)
    await sql(
      `update detection.bucket set full_at = full_at - interval '20 minutes' where bucket like 'account.%'`,
    )
  }
  const [found] = await sql('select count(*)::integer as n from account.request')
  return Number(found?.['n'])
}

describe('letters to somebody who asked for none', () => {
  it('are bounded by the day, and a link that works is always in the mailbox', async () => {
    // A link to reset lives an hour, one to sign up a day.
    expect(await perDay('/v1/password-reset', anAddress())).toBeLessThanOrEqual(27)
    expect(await perDay('/v1/sign-up', anAddress())).toBeLessThanOrEqual(7)
  })

  it('are bounded however many tags the address is given', async () => {
    await sql('delete from account.request')
    for (let n = 0; n < 12; n++)
      expect(
        (await aClient(api).call('POST', '/v1/sign-up', { email: `victim+${n}@tagged.test` })).status,
      ).toBe(202)
    // The address itself is not kept out by them.
    await aClient(api).call('POST', '/v1/sign-up', { email: 'victim@tagged.test' })
    await api.accountLoop.settle()
    expect(await sql('select count(*)::integer as n from account.request')).toEqual([{ n: 7 }])
    expect(await kindsTo(api, 'victim@tagged.test')).toEqual(['verify_address'])
  })
})

describe('a recovery', () => {
  it('is approved by nobody who was made owner after it began, or was new then', async () => {
    const workspace = await api.workspace('Shop')
    const member = (role: string) =>
      aPerson(api, { totp: true, memberOf: [{ workspace: workspace.id, role }] })
    const victim = await member('owner')
    const honest = await member('owner')
    const [late, fresh] = [await member('analyst'), await member('owner')]
    await aClient(api).call('POST', '/v1/recovery', { email: victim.email })
    const begun = await aClient(api).call('POST', '/v1/recovery/confirm', {
      token: await linkIn(api, victim.email, 'recovery_asked'),
    })
    expect(begun.status).toBe(200)
    const [found] = await sql('select id from member where person_id = $1', [late.id])
    const promoted = await api.call(
      await aSession(api, honest.id),
      'PATCH',
      `/v1/members/${encodeId('member', String(found?.['id']))}`,
      { role: 'owner' },
    )
    expect(promoted.status, promoted.text).toBe(200)
    await sql(
      `begin; alter table member disable trigger inert;
       update member set inert_until = now() + interval '1 hour' where person_id = '${fresh.id}';
       alter table member enable always trigger inert; commit`,
    )
    await age(api, begun.body.id, 73)
    const approve = async (person: { id: string }) =>
      (await api.call(await aSession(api, person.id), 'POST', `/v1/recoveries/${begun.body.id}/approve`))
        .status
    expect([await approve(late), await approve(fresh), await approve(honest)]).toEqual([403, 403, 200])
    const [recovery] = (await api.call(await aSession(api, honest.id), 'GET', '/v1/recoveries')).body.data
    expect(recovery.needs).toMatchObject([{ needed: 1, given: 1 }])
  })
})
