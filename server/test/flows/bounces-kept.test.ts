import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { createPool } from '../../src/platform/postgres/index.ts'
import { startBouncesWorld } from './bounces-world.ts'
import type { BouncesWorld } from './bounces-world.ts'
import { arfOf, deliveredMessage, dsnOf, RETURN_DOMAIN, startInbound } from './inbound-fixture.ts'

let world: BouncesWorld
let api: BouncesWorld['api']
let inbound: BouncesWorld['inbound']
beforeAll(async () => {
  world = await startBouncesWorld()
  ;({ api, inbound } = world)
})
afterAll(() => world[Symbol.asyncDispose]())

const eventsOf = (messageId: string) => world.eventsOf(messageId)
const reportsOf = (key: string, messageId: string) => world.reportsOf(key, messageId)
const suppressed = (key: string) => world.suppressed(key)
const quarantine = () => world.quarantine()
const sent = (to?: readonly string[]) => world.sent(to)

/** A report of TLS (RFC 8460 §3). */
const tlsReport = (content: string): string =>
  `From: tls@there.example\nTo: tls-reports@${RETURN_DOMAIN}\nTLS-Report-Domain: ${RETURN_DOMAIN}\nTLS-Report-Submitter: there.example\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=tlsrpt; boundary=t\n\n--t\nContent-Type: text/plain\n\nA report.\n--t\nContent-Type: application/tlsrpt+json\n\n${content}\n--t--\n`

describe('while the database is away', () => {
  it('nothing is taken: the other side keeps the report and comes again', async () => {
    const { messageId } = await sent()
    await using pool = createPool({
      url: 'postgres://nobody@127.0.0.1:1/nothing',
      applicationName: 'test',
      patienceMs: 500,
    })
    await using away = await startInbound(api, pool)
    const to = await inbound.returnPath(messageId, 1)
    const raw = dsnOf({ to, recipients: [{ final: 'ann@there.example' }] })
    expect(await away.mail(to, raw)).toBe('451 4.3.0 Not available now, try again later')
    expect(await eventsOf(messageId)).toEqual([])
    expect(await inbound.mail(to, raw)).toMatch(/^250/)
    expect(await eventsOf(messageId)).toHaveLength(1)
  })
})

describe('reports of TLS', () => {
  const report = {
    'organization-name': 'There',
    'date-range': { 'start-datetime': '2026-11-21T00:00:00Z', 'end-datetime': '2026-11-21T23:59:59Z' },
    'contact-info': 'postmaster@there.example',
    'report-id': 'r-1',
    policies: [
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': RETURN_DOMAIN },
        summary: { 'total-successful-session-count': 5, 'total-failure-session-count': 1 },
      },
    ],
  }
  it('go to those who read them, and what is none to the operator', async () => {
    const to = `tls-reports@${RETURN_DOMAIN}`
    const before = (await quarantine()).length
    expect(await inbound.mail(to, tlsReport(JSON.stringify(report)), 'tls@there.example')).toMatch(/^250/)
    expect((await quarantine()).length).toBe(before)
    const { rows } = await api.database
      .pool('superuser')
      .query(`select organisation from transport.report_received where domain = $1`, [RETURN_DOMAIN])
    expect(rows).toEqual([{ organisation: 'There' }])
    expect(await inbound.mail(to, tlsReport('{'), 'tls@there.example')).toMatch(/^250/)
    expect((await quarantine())[0]).toMatchObject({ kind: 'mail', why: 'no_tls_report' })
  })
})

describe('what is kept', () => {
  it('goes after 30 days, and never before seven, whatever a worker asks for', async () => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    for (const action of ['failed', 'delayed'])
      await inbound.mail(
        to,
        dsnOf({ to, messageId: action, recipients: [{ final: 'ann@there.example', action }] }),
      )
    const owner = api.database.pool('superuser')
    const [oldest] = (await reportsOf(key, messageId)).slice(-1)
    await owner.query(`update bounce_report set received_at = now() - interval '8 days' where id = $1`, [
      decodeId('bounce', oldest.id),
    ])
    const worker = api.database.pool('bulkhead_worker')
    await worker.query(`select engine.trim_reports(interval '30 days', 100)`)
    expect(await reportsOf(key, messageId)).toHaveLength(2)
    await worker.query(`select engine.trim_reports(interval '0', 100)`)
    expect(await reportsOf(key, messageId)).toHaveLength(1)
  })

  it('is of the message’s own workspace: the process that keeps it cannot give it to another', async () => {
    const { messageId } = await sent()
    const { id } = await api.workspace()
    await expect(
      api.database.pool('bulkhead_smtp').query(
        `select engine.keep_report(gen_random_uuid(), $1, $2, 'bounce', 'dsn', null, sha256('x'), 1, '{}',
                                   decode('01' || repeat('00', 44), 'hex'), null, null, null,
                                   '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')`,
        [decodeId('workspace', id), decodeId('message', messageId)],
      ),
    ).rejects.toThrow('not a message of this workspace')
  })

  it('is one report, however many of the same come at the same moment', async () => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    const raw = dsnOf({ to, recipients: [{ final: 'ann@there.example' }] })
    const answers = await Promise.all(Array.from({ length: 8 }, () => inbound.mail(to, raw)))
    expect(answers.every((answer) => answer.startsWith('250'))).toBe(true)
    expect(await eventsOf(messageId)).toHaveLength(1)
    expect(await reportsOf(key, messageId)).toHaveLength(1)
  })

  it('is suppressed by its index where the address opens nowhere any more', async () => {
    const { key } = await api.workspace()
    const messageId = await deliveredMessage(api, key, ['ann@there.example'], {
      sensitive: true,
      lane: 'critical',
    })
    const { rows } = await api.database
      .pool('superuser')
      .query<{ key: string }>(
        `select encode(substring(address from 2 for 16), 'hex')::uuid as key from recipient where message_id = $1`,
        [decodeId('message', messageId)],
      )
    const workspaceId = decodeId('workspace', (await api.call(key, 'GET', '/v1/workspace')).body.id) ?? ''
    await api.keyring('worker').destroyContentKeys(workspaceId, [rows[0]?.key ?? ''])
    const [token = ''] = (await inbound.returnPath(messageId, 1)).split('@')
    await inbound.mail(`fbl@${RETURN_DOMAIN}`, arfOf({ original: `X-Bulkhead-Reference: ${token}` }))
    await expect
      .poll(() => suppressed(key), { timeout: 10_000 })
      .toMatchObject([{ email: null, reason: 'complaint' }])
    const again = await api.call(key, 'POST', '/v1/messages', {
      from: 'news@example.test',
      to: ['ann@there.example'],
      subject: 'x',
      text: 'x',
    })
    expect(again.body.recipients[0].state).toBe('suppressed')
  })
})

describe('a hostile report', () => {
  it.each([
    [
      'addresses that are too long',
      (n: number) => `Final-Recipient: rfc822; ${'ü'.repeat(250)}${n}@there.example`,
    ],
    [
      'half of a character at the cut',
      () => `Final-Recipient: rfc822; a@b.example\nDiagnostic-Code: smtp; ${'x'.repeat(499)}\u{1F4A5}boom`,
    ],
    [
      'control characters',
      () => 'Final-Recipient: utf-8; a\\x{0}b\\x{D800}@there.example\nDiagnostic-Code: smtp; \u0001\u0085',
    ],
    [
      'a status of its own',
      () => 'Final-Recipient: rfc822; ann@there.example\nStatus: 5.999.999 \u2028\nAction: \u0007',
    ],
  ])('with %s is taken like any other', async (name, fields) => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    const raw = dsnOf({ to, messageId: name, recipients: [] }).replace(
      'Arrival-Date:',
      `\n${fields(1)}\n\nX-Was: `,
    )
    expect(await inbound.mail(to, raw)).toMatch(/^250/)
    expect(await reportsOf(key, messageId)).toHaveLength(1)
  })
})

describe('the number of reports', () => {
  it('about one message is bounded: whoever has a return path cannot fill the disk', async () => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    let last = ''
    for (let n = 0; n < 30 && !last.startsWith('5'); n++)
      last = await inbound.mail(to, `From: a@b.example\nMessage-ID: <${n}@x>\n\nflood\n`, 'a@b.example')
    expect(last).toMatch(/^550 5\.7\.1 No more reports/)
    expect(await reportsOf(key, messageId)).toHaveLength(23)
  })
})
