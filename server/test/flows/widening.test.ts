import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { openSmtp } from '../constellation/smtp.ts'
import { startAudit } from '../support/audit.ts'
import { aPerson } from '../support/people.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually } from './engine-fixture.ts'
import { startTestSubmission } from './submission-fixture.ts'
import type { SubmissionFixture } from './submission-fixture.ts'

let api: ApiFixture
let submission: SubmissionFixture
let audit: ReturnType<typeof startAudit>
beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
  audit = startAudit(api.database)
  submission = await startTestSubmission(api, { watchesCredentials: true })
})
afterAll(async () => {
  await submission[Symbol.asyncDispose]()
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const owner = () => api.database.pool('superuser')
const smtp = () => api.database.pool('bulkhead_smtp')
const newId = createIdGenerator()

const mime = 'From: a@shop.test\r\nTo: bob@example.com\r\nSubject: Hi\r\n\r\nHi\r\n'

async function shop() {
  const { id, key } = await api.workspace()
  await api.call(key, 'POST', '/v1/domains', { name: 'shop.test' })
  return { id, key }
}

const make = async (key: string, path: string, body: object) => {
  const answer = await api.call(key, 'POST', path, body)
  if (answer.status !== 201) throw new Error(`${path}: ${answer.text}`)
  return answer.body
}

/** As if the key had worked from a network since two days. */
async function usedFrom(uuid: string | null, network: string): Promise<void> {
  await owner().query(`select engine.touch_credentials('{api_key}', $1, $2, '{curl/8}')`, [[uuid], [network]])
  await owner().query(
    `update credential_use set first_used_at = now() - interval '2 days' where credential_id = $1 and network = $2`,
    [uuid, network],
  )
}

describe('an SMTP session of a key that is reported as leaked', () => {
  it('ends where the answer to the leak shuts its network, and goes on elsewhere', async () => {
    const { key } = await shop()
    const wanted = { name: 'x', scopes: ['messages:send'] }
    const thief = await make(key, '/v1/api-keys', wanted)
    const holder = await make(key, '/v1/api-keys', wanted)
    await usedFrom(decodeId('apiKey', thief.id), '198.51.100.0/24')
    await usedFrom(decodeId('apiKey', holder.id), '127.0.0.0/24')
    await using stolen = await openSmtp(submission.ports.implicit, { username: 'x', password: thief.key })
    await using own = await openSmtp(submission.ports.implicit, { username: 'x', password: holder.key })
    expect((await stolen.send('a@shop.test', ['b@example.com'], mime)).code).toBe(250)
    for (const { key: leaked } of [thief, holder]) {
      const answer = await api.call('', 'POST', '/v1/leaked-keys/report', { key: leaked })
      expect(answer.body).toEqual({ outcome: 'tightened' })
    }
    expect((await stolen.reply(5_000)).code).toBe(421)
    await stolen.closed
    expect((await own.send('a@shop.test', ['b@example.com'], mime)).code).toBe(250)
  })
})

describe('whoever writes to the database', () => {
  it('takes the senders from no key by its successor', async () => {
    const { key } = await shop()
    const bound = await make(key, '/v1/api-keys', { name: 'x', allowedSenders: ['orders@shop.test'] })
    await owner().query('alter table api_key drop constraint if exists api_key_check')
    await owner().query('update api_key set sealed_senders = null where id = $1', [
      decodeId('apiKey', bound.id),
    ])
    const rotated = await api.call(key, 'POST', `/v1/api-keys/${bound.id}/rotate`, {})
    expect(rotated.status, rotated.text).toBe(500)
    // The key itself is as bound as it was.
    const refused = await api.call(bound.key, 'POST', '/v1/messages', {
      from: 'ceo@shop.test',
      to: 'b@example.com',
      subject: 'x',
      text: 'x',
      lane: 'bulk',
    })
    expect(refused.body.code).toBe('sender_refused')
  })
})

const observe = (kind: string, outcome: string, identifier: Buffer | null, person: string | null) =>
  smtp().query('select engine.observe($1, $2, $3, $4, $5, $6, $7, $8)', [
    kind,
    outcome,
    randomBytes(32),
    randomBytes(32),
    randomBytes(32),
    identifier,
    person,
    false,
  ])

describe('a credential that is rotated by many at the same moment', () => {
  it.each(['api-keys', 'smtp-credentials'])('has one successor: %s', async (kind) => {
    const { key } = await shop()
    const { id } = await make(key, `/v1/${kind}`, { name: 'x' })
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        api.call(key, 'POST', `/v1/${kind}/${id}/rotate`, { overlapHours: 1 }),
      ),
    )
    expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]))
  })
})

describe('a key that is bound to a sender', () => {
  it('names another one by no spelling and in no other header', async () => {
    const { key } = await shop()
    const bound = await make(key, '/v1/api-keys', {
      name: 'x',
      scopes: ['messages:send'],
      allowedSenders: ['orders@shop.test'],
    })
    await using wire = await openSmtp(submission.ports.implicit, { username: 'x', password: bound.key })
    const rest = 'To: bob@example.com\r\nSubject: Hi\r\n\r\nHi\r\n'
    const code = async (headers: string) =>
      (await wire.send('orders@shop.test', ['bob@example.com'], `${headers}\r\n${rest}`)).code
    for (const good of [
      'From: orders@shop.test',
      'From: "Orders" <ORDERS@Shop.Test>',
      'From: (x) orders (y) @ shop.test',
    ])
      expect([250, 550, 554], good).toContain(await code(good))
    expect(await code('From: orders@shop.test')).toBe(250)
    const hostile = [
      'From: orders@shop.test, ceo@shop.test',
      'From: ceo@shop.test, orders@shop.test',
      'From: orders@shop.test\r\nFrom: ceo@shop.test',
      'From: ceo@shop.test\r\nFrom: orders@shop.test',
      'From : ceo@shop.test\r\nFrom: orders@shop.test',
      'FROM: ceo@shop.test',
      'From: <@orders:ceo@shop.test>',
      'From: "orders@shop.test" <ceo@shop.test>',
      'From: orders@shop.test <ceo@shop.test>',
      'From: ceo(orders@shop.test)@shop.test',
      'From: team: orders@shop.test, ceo@shop.test;',
      'From: "ceo"@shop.test',
      'From: \r\n ceo@shop.test',
      'From: =?utf-8?q?orders=40shop.test?= <ceo@shop.test>',
      'From: orders@shop.test\r\nSender: ceo@shop.test',
      'From: orders@shop.test\r\nSender: orders@shop.test\r\nSender: ceo@shop.test',
      'From: orders@shop.test\r\nResent-From: orders@shop.test\r\nResent-From: ceo@shop.test',
      'From: orders@shop.test\r\nResent-Sender: ceo at shop.test',
      'From: orders@shop.test\r\nResent-From: ceo@shop.test',
      'From: orders@shop.test\r\nResent-Sender: ceo@shop.test',
      'From: orders@shop.test\r\nResent-From: ceo@elsewhere.example',
    ]
    const taken: string[] = []
    for (const headers of hostile) if ((await code(headers)) === 250) taken.push(headers)
    expect(taken).toEqual([])
    for (const name of ['From', 'Sender', 'Resent-From', 'Return-Path', 'X-Bulkhead-From']) {
      const answer = await api.call(bound.key, 'POST', '/v1/messages', {
        from: 'orders@shop.test',
        to: 'bob@example.com',
        subject: 'x',
        text: 'x',
        lane: 'bulk',
        headers: { [name]: 'ceo@shop.test' },
      })
      if (answer.status === 202) taken.push(name)
    }
    expect(taken.filter((name) => name !== 'X-Bulkhead-From')).toEqual([])
  })
})

describe('a hijacked submission process', () => {
  it('makes no device familiar, flags nobody and touches no honey account', async () => {
    const { id } = await aPerson(api)
    const honey = await aPerson(api, { honey: true })
    const { rows } = await owner().query<{ email_index: Buffer }>(
      'select email_index from account.person where id = any($1) order by id = $2',
      [[id, honey.id], honey.id],
    )
    await expect(observe('log_in', 'session', null, id)).rejects.toThrow(/submission/)
    await expect(observe('smtp_auth', 'session', null, id)).rejects.toThrow(/submission/)
    for (const { email_index: index } of rows) await observe('smtp_auth', 'wrong_password', index, null)
    const { rows: left } = await owner().query<{ familiar: string; sightings: string; incidents: string }>(
      `select (select count(*) from detection.familiar where person_id = any($1)) as familiar,
              (select count(*) from detection.sighting where person_id = any($1)) as sightings,
              (select count(*) from detection.incident where person_id = any($1)) as incidents`,
      [[id, honey.id]],
    )
    expect(left.map((row) => Object.values(row).map(Number))).toEqual([[0, 0, 0]])
  })

  it('locks nobody out, and gives nobody back his guesses', async () => {
    const identifier = randomBytes(32)
    await expect(smtp().query('select engine.begin_attempt($1, false)', [identifier])).rejects.toThrow(
      /permission denied/,
    )
    await expect(
      smtp().query(`select engine.end_attempt($1, false, 'success')`, [identifier]),
    ).rejects.toThrow(/permission denied/)
    await expect(
      smtp().query(`select engine.take_tokens('{log_in.identifier}', $1, '{20}', '{20}', '{0.01}')`, [
        [identifier],
      ]),
    ).rejects.toThrow(/permission denied/)
  })
})

describe('a stolen key that is bound to networks', () => {
  it('fills neither audit log nor alarms, from however many networks it is tried', async () => {
    const { key } = await shop()
    const bound = await make(key, '/v1/api-keys', { name: 'x', allowedCidrs: ['192.0.2.0/24'] })
    const uuid = decodeId('apiKey', bound.id)
    for (let at = 0; at < 60; at++)
      await owner().query(`select engine.report_outside('api_key', $1, $2)`, [
        uuid,
        `2001:db8:${at.toString(16)}::/48`,
      ])
    const { rows } = await owner().query<{ count: string }>(
      `select (select count(*) from audit_outbox where action = 'credential.refused_network' and target = $1)
            + (select count(*) from audit_entry where action = 'credential.refused_network' and target = $1) as count`,
      [`api_key:${uuid}`],
    )
    expect(Number(rows[0]?.count)).toBeLessThanOrEqual(20)
    expect(Number(rows[0]?.count)).toBeGreaterThan(0)
  })
})

describe('a person who signs in from many places', () => {
  it('is remembered with the last 50 of each kind', async () => {
    const { id } = await aPerson(api)
    const pool = api.database.pool('bulkhead_api')
    for (let at = 0; at < 60; at++)
      await pool.query(`select engine.observe('log_in', 'session', $1, $2, $3, null, $4, false)`, [
        randomBytes(32),
        randomBytes(32),
        randomBytes(32),
        id,
      ])
    const { rows } = await owner().query<{ kind: string; count: string }>(
      'select kind, count(*) as count from detection.familiar where person_id = $1 group by kind order by kind',
      [id],
    )
    expect(rows.map((row) => [row.kind, Number(row.count)])).toEqual([
      ['agent', 50],
      ['client', 50],
      ['network', 50],
    ])
  })
})

describe('guesses over SMTP', () => {
  it('are seen: the failure, by an HMAC of the user name, and nothing of those who get in', async () => {
    const { key } = await shop()
    const name = `guess-${randomUUID()}`
    const count = async () =>
      (
        await owner().query<{ count: string }>(
          `select sum(events) as count from detection.tally where kind = 'smtp_auth' and outcome = 'wrong_password'`,
        )
      ).rows[0]?.count
    const earlier = Number(await count())
    await expect(
      openSmtp(submission.ports.implicit, { username: name, password: `wrong ${newId()}` }),
    ).rejects.toThrow(/535/)
    await eventually(async () => (Number(await count()) > earlier ? true : undefined), 'the signal', 5_000)
    const before = Number(await count())
    expect(before).toBe(earlier + 1)
    await using wire = await openSmtp(submission.ports.implicit, { username: 'x', password: key })
    expect((await wire.send('a@shop.test', ['b@example.com'], mime)).code).toBe(250)
    expect(Number(await count())).toBe(before)
    const { rows } = await owner().query<{ text: string }>(
      `select s::text as text from detection.sighting s where s.failed_at is not null`,
    )
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.map((row) => row.text).join()).not.toContain(Buffer.from(name).toString('hex'))
  })
})

const numberOf = async (text: string) => Number((await owner().query<{ n: string }>(text)).rows[0]?.n ?? 0)

const claims = () =>
  numberOf(`select coalesce(sum(events), 0) as n from detection.tally where kind = 'domain_claim'`)
const sightings = () => numberOf('select count(*) as n from detection.sighting')

describe('claims of domains', () => {
  it('are counted, and make nobody look as if he probed', async () => {
    const { key } = await api.workspace()
    const [before, seen] = [await claims(), await sightings()]
    await make(key, '/v1/domains', { name: 'customer.test' })
    for (let n = 1; n < 25; n++)
      expect((await api.call(key, 'POST', '/v1/domains', { name: 'customer.test' })).status).toBe(409)
    await api.persons.drain()
    expect(await claims()).toBe(before + 25)
    expect(await sightings()).toBe(seen)
  })
})
