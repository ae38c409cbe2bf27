import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aPerson, lettersTo } from '../support/people.ts'
import { aClient, aPassword, anAddress, kindsTo, linkIn, tokenOf } from './accounts-fixture.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture

beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
})
afterAll(() => api[Symbol.asyncDispose]())

const sql = (text: string, values: readonly unknown[] = []) =>
  api.database.pool('superuser').query(text, values)
const open = async () =>
  (await sql('select count(*)::int as n from account.request where done_at is null')).rows[0]?.['n']

describe('what was asked for by address', () => {
  it('is taken up again where a process died with it, and its letter is sent once', async () => {
    const person = await aPerson(api)
    // A process that sends the letter and dies before it notes that.
    await sql(
      `create function die() returns trigger language plpgsql as $$ begin raise exception 'died'; end $$`,
    )
    await sql(
      `create trigger die before update on account.request for each row when (new.done_at is not null) execute function die()`,
    )
    await aClient(api).call('POST', '/v1/password-reset', { email: person.email })
    const first = await linkIn(api, person.email, 'reset')
    expect(await open()).toBe(1)
    await sql('drop trigger die on account.request')
    await sql('update account.request set due_at = now()')
    await api.accountLoop.settle()
    expect(await open()).toBe(0)
    const letters = (await lettersTo(api, person.email)).filter((letter) => letter.kind === 'reset')
    expect(letters.map((letter) => tokenOf(letter.text))).toEqual([first])
    const done = await aClient(api).call('POST', '/v1/password-reset/complete', {
      token: first,
      password: aPassword(),
    })
    expect(done.status).toBe(204)
  })

  it('is worked off once by many processes, whoever takes it', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => aPerson(api)))
    const loops = Array.from({ length: 3 }, () => api.accounts.start({ jitterMs: 0 }))
    await Promise.all(
      people.map((person) => aClient(api).call('POST', '/v1/password-reset', { email: person.email })),
    )
    await Promise.all([...loops, api.accountLoop].map((loop) => loop.settle()))
    await expect.poll(open).toBe(0)
    const { rows } =
      await sql(`select count(*)::int as n, max(attempts) as most from account.request where person_id is null
      and kind = 'reset' and created_at > now() - interval '1 minute' and attempts > 0`)
    expect(rows[0]?.['n']).toBeGreaterThanOrEqual(people.length)
    for (const person of people) expect(await kindsTo(api, person.email)).toEqual(['reset'])
    for (const loop of loops) await loop[Symbol.asyncDispose]()
  })

  it('waits while system mail cannot be sent, and the notice of a new password with it', async () => {
    const person = await aPerson(api)
    await aClient(api).call('POST', '/v1/password-reset', { email: person.email })
    const token = await linkIn(api, person.email, 'reset')
    await sql('revoke execute on function engine.accept from bulkhead_api')
    expect(
      (await aClient(api).call('POST', '/v1/password-reset/complete', { token, password: aPassword() }))
        .status,
    ).toBe(204)
    await aClient(api).call('POST', '/v1/password-reset', { email: person.email })
    expect(await kindsTo(api, person.email)).toEqual(['reset'])
    expect(await open()).toBe(2)
    await sql('grant execute on function engine.accept to bulkhead_api')
    await sql('update account.request set due_at = now()')
    expect((await kindsTo(api, person.email)).sort((a, b) => a.localeCompare(b))).toEqual([
      'password_changed',
      'reset',
      'reset',
    ])
    expect(await open()).toBe(0)
  })

  it('leaves no address behind once it is worked off, and nothing at all after 30 days', async () => {
    const email = anAddress()
    await aClient(api).call('POST', '/v1/sign-up', { email })
    await linkIn(api, email, 'verify_address')
    const { rows } = await sql(
      'select sealed_email, sealed_client from account.request where done_at is not null',
    )
    expect(rows.every((row) => row['sealed_email'] === null && row['sealed_client'] === null)).toBe(true)
    await sql(`update account.request set done_at = now() - interval '31 days'`)
    await sql(`update account.token set expires_at = now() - interval '31 days'`)
    await sql(`update account.session set expires_at = now() - interval '31 days'`)
    await api.database.pool('bulkhead_api').query('select engine.trim_accounts(1000)')
    for (const table of ['request', 'token', 'session'])
      expect((await sql(`select count(*)::int as n from account.${table}`)).rows, table).toEqual([{ n: 0 }])
  })

  it('is bounded: letters to one address, requests of one client, requests that wait', async () => {
    const email = (await aPerson(api)).email
    for (let n = 0; n < 6; n++)
      expect((await aClient(api).call('POST', '/v1/password-reset', { email })).status).toBe(202)
    expect(await kindsTo(api, email)).toEqual(['reset', 'reset', 'reset'])
    const at = aClient(api)
    const statuses: number[] = []
    for (let n = 0; n < 31; n++)
      statuses.push((await at.call('POST', '/v1/password-reset', { email: anAddress() })).status)
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 202), 429])
    const wait = await at.call('POST', '/v1/sign-up', { email })
    expect(Number(wait.headers.get('retry-after'))).toBeGreaterThan(0)
    await sql(
      `insert into account.request (id, kind, email_index, sealed_email, due_at)
       select gen_random_uuid(), 'reset', '\\x00', '\\x00', now() + interval '1 day' from generate_series(1, 20001)`,
    )
    const full = await aClient(api).call('POST', '/v1/sign-up', { email: anAddress() })
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '120'])
    await sql('delete from account.request')
  })

  it('refuses what is no address, alike for all', async () => {
    for (const email of [
      '',
      'ann',
      'ann@',
      'a b@c.test',
      'ann@example.com, bob@example.com',
      'x'.repeat(999),
    ])
      expect(await aClient(api).call('POST', '/v1/sign-up', { email })).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'email' }] },
      })
    expect(await aClient(api).call('POST', '/v1/sign-up', { email: 'a@b.test', x: 1 })).toMatchObject({
      status: 400,
    })
  })
})
