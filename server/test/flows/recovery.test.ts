import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'
import { aPerson, lettersTo } from '../support/people.ts'
import type { TestPerson } from '../support/people.ts'
import { aClient, age, aSession, join, kindsTo, linkIn } from './accounts-fixture.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
let dns: DnsServer

beforeAll(async () => {
  dns = await startDnsServer()
  api = await startApi({ trustedProxies: ['127.0.0.1'], dnsServers: [dns.address] })
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await dns.close()
})

const approval = (session: string, recoveryId: string) =>
  api.call(session, 'POST', `/v1/recoveries/${recoveryId}/approve`)
const operatorApproval = (recoveryId: string) =>
  api.call(api.operatorKey, 'POST', `/v1/people/recoveries/${recoveryId}/approve`)

/** Somebody with an authenticator app in a fresh workspace. */
async function member(role = 'developer') {
  const workspace = await api.workspace('Shop')
  const person = await aPerson(api, { totp: true, memberOf: [{ workspace: workspace.id, role }] })
  return { workspace, person }
}

async function colleague(workspace: string, role: string): Promise<{ person: TestPerson; session: string }> {
  const person = await aPerson(api, { totp: true, memberOf: [{ workspace, role }] })
  return { person, session: await aSession(api, person.id) }
}

/** Asks and opens the link: the 72 hours begin. */
async function begin(person: TestPerson) {
  const at = aClient(api)
  expect(await at.call('POST', '/v1/recovery', { email: person.email })).toMatchObject({ status: 202 })
  const begun = await at.call('POST', '/v1/recovery/confirm', {
    token: await linkIn(api, person.email, 'recovery_asked'),
  })
  expect(begun.status).toBe(200)
  await api.accountLoop.settle()
  return begun.body
}

/** Whether the link that ends it was sent. */
async function isReady(person: TestPerson): Promise<boolean> {
  await api.accountLoop.settle()
  return (await kindsTo(api, person.email)).includes('recovery_ready')
}

const hasApp = async (person: TestPerson) => (await api.persons.factors.state(person.id)).totp !== null

describe('a recovery after all second factors are lost', () => {
  it('takes 72 hours, two others of the workspace, the mailbox and the password; then the old factors go and new ones can be added', async () => {
    const { workspace, person } = await member()
    const [owner, admin] = [await colleague(workspace.id, 'owner'), await colleague(workspace.id, 'admin')]
    const begun = await begin(person)
    expect(Date.parse(begun.readyAt) - Date.now()).toBeGreaterThan(71.9 * 3_600_000)
    expect(begun).toMatchObject({
      state: 'waiting',
      isReady: false,
      needs: [{ workspace: { name: 'Shop' }, way: 'people', needed: 2, given: 0, records: [] }],
      operator: { isNeeded: false },
    })
    expect((await approval(owner.session, begun.id)).status).toBe(200)
    expect((await approval(admin.session, begun.id)).body.needs).toMatchObject([{ given: 2 }])
    expect(await isReady(person)).toBe(false)
    await age(api, begun.id, 71)
    expect(await isReady(person)).toBe(false)
    await age(api, begun.id, 2)
    expect(await isReady(person)).toBe(true)
    const at = aClient(api)
    const token = await linkIn(api, person.email, 'recovery_ready')
    for (const password of [undefined, 'not the password at all'])
      expect(await at.call('POST', '/v1/recovery/complete', { token, password })).toMatchObject({
        status: 401,
      })
    expect(await hasApp(person)).toBe(true)
    // One that shows the lost factor would end the recovery.
    const stolen = await aSession(api, person.id, { factor: 'none' })
    const done = await at.call('POST', '/v1/recovery/complete', { token, password: person.password })
    expect(done).toMatchObject({ status: 200, body: { level: 'enrolment', factor: 'none' } })
    expect(await hasApp(person)).toBe(false)
    expect((await api.call(stolen, 'GET', '/v1/account')).status).toBe(401)
    expect(await at.call('GET', '/v1/account')).toMatchObject({
      status: 200,
      body: { factors: { passkeys: 0, totp: false, recoveryCodesLeft: 0 } },
    })
    expect(
      (await at.call('POST', '/v1/recovery/complete', { token, password: person.password })).status,
    ).toBe(400)
    expect(await kindsTo(api, person.email)).toEqual(expect.arrayContaining(['recovery_done']))
  })

  it('tells the person and everybody who could approve, at once and every day', async () => {
    const { workspace, person } = await member()
    const [owner, admin] = [await colleague(workspace.id, 'owner'), await colleague(workspace.id, 'admin')]
    const other = await colleague(workspace.id, 'developer')
    const begun = await begin(person)
    const told = async () => [
      (await kindsTo(api, person.email)).filter((kind) => kind === 'recovery_started').length,
      ...(await Promise.all(
        [owner, admin, other].map(
          async (one) =>
            (await kindsTo(api, one.person.email)).filter((kind) => kind === 'security_alert').length,
        ),
      )),
    ]
    expect(await told()).toEqual([1, 1, 1, 0])
    for (const day of [1, 2]) {
      await age(api, begun.id, 25)
      expect(await told(), `after day ${day}`).toEqual([1 + day, 1 + day, 1 + day, 0])
    }
    const { rows } = await api.database
      .pool('superuser')
      .query(`select kind from security_alert where person_id = $1 and workspace_id = $2`, [
        person.id,
        decodeId('workspace', workspace.id),
      ])
    expect(rows).toEqual([{ kind: 'recovery.started' }])
  })

  it('is approved by nobody who may not: not the person, no admin for an owner, nobody who came later, no other workspace, no key', async () => {
    const { workspace, person } = await member('owner')
    const [admin, owner] = [await colleague(workspace.id, 'admin'), await colleague(workspace.id, 'owner')]
    const stranger = await colleague((await api.workspace('Elsewhere')).id, 'owner')
    const own = await aSession(api, person.id)
    const begun = await begin(person)
    const late = await colleague(workspace.id, 'owner')
    await api.database.pool('superuser').query(
      `update account.recovery set created_at = (select min(created_at) from member where person_id = $2) - interval '1 millisecond'
         where id = $1`,
      [decodeId('recovery', begun.id), late.person.id],
    )
    expect((await approval(admin.session, begun.id)).status).toBe(403)
    expect((await approval(late.session, begun.id)).status).toBe(403)
    expect((await approval(stranger.session, begun.id)).status).toBe(404)
    expect((await approval(workspace.key, begun.id)).status).toBe(403)
    expect((await operatorApproval(begun.id)).status).toBe(409)
    expect((await approval(owner.session, begun.id)).body.needs).toMatchObject([{ needed: 1, given: 1 }])
    expect((await approval(own, begun.id)).status).toBe(403)
  })

  it('needs every workspace of the person: one that an attacker made him join approves nothing for the others', async () => {
    const { workspace, person } = await member()
    const owner = await colleague(workspace.id, 'owner')
    const trap = await api.workspace('Trap')
    await join(api, trap.id, person.id, 'developer')
    const attackers = [await colleague(trap.id, 'owner'), await colleague(trap.id, 'owner')]
    const begun = await begin(person)
    for (const { session } of attackers) expect((await approval(session, begun.id)).status).toBe(200)
    await age(api, begun.id, 80)
    expect(await isReady(person)).toBe(false)
    // With the one that is missing it is enough.
    await api.database
      .pool('superuser')
      .query(
        'insert into account.recovery_approval (recovery_id, workspace, person_id) values ($1, $2, $3)',
        [decodeId('recovery', begun.id), decodeId('workspace', workspace.id), owner.person.id],
      )
    expect(await isReady(person)).toBe(true)
  })

  it('of an only owner needs a record in DNS and the operator, and neither is enough alone', async () => {
    const { workspace, person } = await member('owner')
    const name = `${person.email.split('@')[0]}.test`
    await api.call(workspace.key, 'POST', '/v1/domains', { name })
    // What is not there is remembered for half a minute, a failure is not.
    dns.set(`_bulkhead-recovery.${name}`, 'SERVFAIL')
    const begun = await begin(person)
    const [record] = begun.needs[0].records
    expect(begun).toMatchObject({ needs: [{ way: 'dns', given: 0 }], operator: { isNeeded: true } })
    expect(record).toMatchObject({ type: 'TXT', name: `_bulkhead-recovery.${name}` })
    const letters = (await lettersTo(api, person.email)).map(({ text }) => text.replaceAll(/=\r?\n/g, ''))
    expect(
      letters.some((text) => text.includes(record.name) && text.includes(record.value.split('=')[1])),
    ).toBe(true)
    await age(api, begun.id, 80)
    expect((await operatorApproval(begun.id)).status).toBe(200)
    expect(await isReady(person)).toBe(false)
    await api.database
      .pool('superuser')
      .query('update account.recovery set operator_approved_at = null where id = $1', [
        decodeId('recovery', begun.id),
      ])
    dns.set(record.name, [
      { type: 'TXT', strings: ['something else'] },
      { type: 'TXT', strings: [record.value] },
    ])
    expect(await isReady(person)).toBe(false)
    const { body } = await api.call(api.operatorKey, 'GET', '/v1/people/recoveries')
    const mine = body.data.find((one: { id: string }) => one.id === begun.id)
    expect(mine.needs).toMatchObject([{ way: 'dns', given: 1 }])
    expect(await isReady(person)).toBe(false)
    expect((await operatorApproval(begun.id)).status).toBe(200)
    expect(await isReady(person)).toBe(true)
  })

  it('is stopped by the link in the letters, by a session, and by one of those who could approve', async () => {
    const state = async (id: string) =>
      (
        await api.database
          .pool('superuser')
          .query('select state from account.recovery where id = $1', [decodeId('recovery', id)])
      ).rows[0]?.['state']
    const first = await member()
    const owner = await colleague(first.workspace.id, 'owner')
    const one = await begin(first.person)
    const token = await linkIn(api, first.person.email, 'recovery_started')
    expect((await aClient(api).call('POST', '/v1/recovery/cancel', { token })).status).toBe(204)
    expect(await state(one.id)).toBe('cancelled')
    const two = await begin(first.person)
    expect((await api.call(owner.session, 'POST', `/v1/recoveries/${two.id}/refuse`)).status).toBe(204)
    expect(await state(two.id)).toBe('cancelled')
    const second = await member()
    const three = await begin(second.person)
    // From before the recovery: it stops it by what it asks for, not by being there.
    const session = await aSession(api, second.person.id, { factor: 'none' })
    await api.call(session, 'DELETE', '/v1/account/recovery')
    expect(await state(three.id)).toBe('cancelled')
  })

  it('is over when the lost factor is shown after all', async () => {
    const { person } = await member()
    const begun = await begin(person)
    await aSession(api, person.id)
    await api.accountLoop.settle()
    const { rows } = await api.database
      .pool('superuser')
      .query('select state, ended_by from account.recovery where id = $1', [decodeId('recovery', begun.id)])
    expect(rows).toEqual([{ state: 'cancelled', ended_by: 'system:recovery' }])
  })
})
