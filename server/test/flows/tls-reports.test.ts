import { once } from 'node:events'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createIdGenerator } from '../../src/kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../src/kernel/installation.ts'
import {
  createReceivedStore,
  createReportReceiver,
  createReportSender,
  createReportStore,
  createResultStore,
  createTlsReports,
} from '../../src/modules/transport/index.ts'
import type { CountedSession, ReportSender } from '../../src/modules/transport/index.ts'
import { createSelfSigned } from '../../src/platform/config/self-signed.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createEgress } from '../../src/platform/egress/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { writeReportMail } from '../../src/modules/transport/report-mail.ts'
import { writeReport } from '../../src/modules/transport/report.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

const DAY = 86_400_000
const log = createLogger({ name: 'test', level: 'error' })
const certificate = createSelfSigned({
  names: ['reports.shop.test'],
  notBefore: new Date(Date.now() - DAY),
  notAfter: new Date(Date.now() + DAY),
})

let api: ApiFixture
let dns: DnsServer
let web: Server
let status: number
let posted: { readonly type: string | undefined; readonly body: Buffer }[]
const cleanUp: (() => void)[] = []

beforeEach(async () => {
  api = await startApi()
  dns = await startDnsServer()
  status = 200
  posted = []
  web = createServer(
    { cert: certificate.certificatePem, key: certificate.privateKeyPem },
    (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        posted.push({ type: request.headers['content-type'], body: Buffer.concat(chunks) })
        response.writeHead(status).end()
      })
    },
  )
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  dns.set('reports.shop.test', [{ type: 'A', value: '127.0.0.1' }])
})
afterEach(async () => {
  for (const end of cleanUp.splice(0)) end()
  web.closeAllConnections()
  web.close()
  await dns.close()
  await api[Symbol.asyncDispose]()
})

const sql = (statement: string) => api.database.pool('superuser').query<Record<string, unknown>>(statement)
const counter = (nowMs: number) =>
  createTlsReports({
    store: createResultStore(api.database.pool('bulkhead_sender')),
    log,
    nowMs: () => nowMs,
  })
const session = (over: Partial<CountedSession> = {}): CountedSession => ({
  report: {
    policyType: 'sts',
    policyDomain: 'shop.test',
    policyStrings: ['version: STSv1', 'mode: enforce', 'mx: mx.shop.test', 'max_age: 86400'],
    mxHostPatterns: ['mx.shop.test'],
  },
  mxHost: 'mx.shop.test',
  receivingIp: '192.0.2.1',
  sendingIp: '198.51.100.9',
  result: 'success',
  ...over,
})

/** A process that sends reports, with everything of its own but the database. */
function reporter(from: string | null = 'Bulkhead <no-reply@bulkhead.test>'): ReportSender {
  const resolver = createResolver({ servers: [dns.address], timeoutMs: 400, tries: 1 })
  const egress = createEgress({ resolver, allowPrivateTargets: true, ca: certificate.certificatePem })
  cleanUp.push(() => {
    resolver.cancel()
    egress[Symbol.dispose]()
  })
  return createReportSender({
    store: createReportStore(api.database.pool('bulkhead_api')),
    resolver,
    egress,
    messages: api.messages,
    systemMail: api.systemMail,
    from,
    hostname: 'mail.example.net',
    log: createLogger({ name: 'test', level: 'error' }),
  })
}

/** Counts yesterday's sessions and makes their report due now. */
async function yesterday(...sessions: CountedSession[]): Promise<void> {
  const reports = counter(Date.now() - DAY)
  for (const one of sessions) reports.count(one)
  await reports[Symbol.asyncDispose]()
  await sql(
    `insert into transport.report_sent (domain, day, next_at)
     select distinct domain, day, now() - interval '1 second' from transport.result`,
  )
}
async function makeDue(): Promise<void> {
  await sql("update transport.report_sent set next_at = now() - interval '1 second' where state = 'due'")
}
const wants = (rua: string) =>
  dns.set('_smtp._tls.shop.test', [{ type: 'TXT', strings: [`v=TLSRPTv1; rua=${rua}`] }])
const endpoint = () => `https://reports.shop.test:${(web.address() as AddressInfo).port}/in`
const mails = async () =>
  (
    await sql(
      `select m.tags, m.lane from message m where m.workspace_id = '${INSTALLATION_WORKSPACE}' and 'tls-report' = any (m.tags)`,
    )
  ).rows

describe('TLS reports to others', () => {
  it('count sessions of all senders together, and lose none when a flush fails', async () => {
    const [one, other] = [counter(Date.now()), counter(Date.now())]
    for (let at = 0; at < 50; at++) one.count(session())
    other.count(session())
    other.count(session({ result: 'certificate-expired' }))
    await Promise.all([one.flush(), other.flush()])
    await sql('revoke execute on function engine.count_tls(jsonb) from bulkhead_sender')
    one.count(session())
    await expect(one.flush()).rejects.toThrow('permission denied')
    await sql('grant execute on function engine.count_tls(jsonb) to bulkhead_sender')
    one.count(session())
    await one[Symbol.asyncDispose]()
    const { rows } = await sql('select result, sessions from transport.result order by result')
    expect(rows).toEqual([
      { result: 'certificate-expired', sessions: 1 },
      { result: 'success', sessions: 53 },
    ])
  })

  it('keep less than 1,000 rows for a domain and day, however many servers it claims to have', async () => {
    const reports = counter(Date.now())
    for (let at = 0; at < 1_500; at++) reports.count(session({ mxHost: `mx${at}.shop.test` }))
    await reports.flush()
    expect((await sql('select count(*)::int as rows from transport.result')).rows[0]?.['rows']).toBeLessThan(
      1_000,
    )
    for (let at = 1_500; at < 3_000; at++) reports.count(session({ mxHost: `mx${at}.shop.test` }))
    await reports.flush()
    expect((await sql('select count(*)::int as rows from transport.result')).rows[0]?.['rows']).toBeLessThan(
      1_000,
    )
  })

  it('are due at a moment of their own within four hours of the end of the day, and not before it ends', async () => {
    const today = counter(Date.now())
    today.count(session())
    await today.flush()
    const before = counter(Date.now() - 2 * DAY)
    for (const name of ['a.test', 'b.test', 'c.test'])
      before.count(session({ report: { ...session().report, policyDomain: name } }))
    await before.flush()
    // Asking for none plans those that are due all the same.
    expect(await createReportStore(api.database.pool('bulkhead_api')).claim(0, 60)).toEqual([])
    const { rows } = await sql(
      `select domain, extract(epoch from next_at - (day + 1)::timestamp at time zone 'UTC') / 3600 as hours
       from transport.report_sent order by domain`,
    )
    expect(rows.map((row) => row['domain'])).toEqual(['a.test', 'b.test', 'c.test'])
    for (const row of rows) expect(Number(row['hours'])).toBeGreaterThanOrEqual(0)
    for (const row of rows) expect(Number(row['hours'])).toBeLessThan(4)
    expect(new Set(rows.map((row) => row['hours'])).size).toBe(3)
  })

  it('go out by mail and https, once for all processes, and are listed', async () => {
    wants(`mailto:tls@shop.test,${endpoint()}`)
    await yesterday(session(), session(), session({ result: 'certificate-not-trusted' }))
    const processes = [reporter(), reporter(), reporter()]
    const taken = await Promise.all(processes.map((each) => each.sendDue()))
    expect(taken.toSorted((a, b) => a - b)).toEqual([0, 0, 1])
    expect(posted.map(({ type }) => type)).toEqual(['application/tlsrpt+gzip'])
    expect(JSON.parse(gunzipSync(posted[0]?.body ?? Buffer.alloc(0)).toString())).toMatchObject({
      'organization-name': 'bulkhead.test',
      policies: [
        {
          policy: { 'policy-type': 'sts', 'policy-domain': 'shop.test' },
          summary: { 'total-successful-session-count': 2, 'total-failure-session-count': 1 },
        },
      ],
    })
    expect(await mails()).toEqual([{ tags: ['system', 'tls-report'], lane: 'bulk' }])
    expect((await sql('select 1 from transport.result')).rows).toEqual([])
    const listed = await api.call(api.operatorKey, 'GET', '/v1/installation/tls-reports/sent')
    expect(listed.body.data).toMatchObject([
      {
        domain: 'shop.test',
        state: 'sent',
        successes: 2,
        failures: 1,
        endpoints: ['mailto:tls@shop.test', endpoint()],
      },
    ])
  })

  it('are tried again where an endpoint fails, without a second copy for those who have it', async () => {
    wants(`mailto:tls@shop.test,${endpoint()}`)
    status = 503
    await yesterday(session())
    const sender = reporter()
    expect(await sender.sendDue()).toBe(1)
    expect((await sql('select state, endpoints, error from transport.report_sent')).rows).toEqual([
      { state: 'due', endpoints: ['mailto:tls@shop.test'], error: 'The endpoint answered 503.' },
    ])
    status = 200
    await makeDue()
    await sender.sendDue()
    expect(posted).toHaveLength(2)
    expect(await mails()).toHaveLength(1)
    expect((await sql('select state, error from transport.report_sent')).rows).toEqual([
      { state: 'sent', error: null },
    ])
  })

  it('are one mail although a process died after it was accepted', async () => {
    wants('mailto:tls@shop.test')
    await yesterday(session())
    await reporter().sendDue()
    await sql("update transport.report_sent set state = 'due', endpoints = '{}'")
    await makeDue()
    await reporter().sendDue()
    expect(await mails()).toHaveLength(1)
  })

  it('give up after a day of tries, and say why', async () => {
    wants(endpoint())
    status = 500
    await yesterday(session())
    const sender = reporter()
    for (let tries = 0; tries < 12; tries++) {
      await sender.sendDue()
      await makeDue()
    }
    expect(posted).toHaveLength(8)
    const listed = await api.call(api.operatorKey, 'GET', '/v1/installation/tls-reports/sent?limit=1')
    expect(listed.body.data).toMatchObject([{ state: 'failed', error: 'The endpoint answered 500.' }])
  })

  it('are not made for who asks for none, and wait where DNS does not say', async () => {
    dns.set('_smtp._tls.shop.test', 'SERVFAIL')
    await yesterday(session())
    const sender = reporter(null)
    await sender.sendDue()
    expect((await sql('select state, error from transport.report_sent')).rows).toMatchObject([
      { state: 'due' },
    ])
    dns.set('_smtp._tls.other.test', 'NXDOMAIN')
    await sql("update transport.report_sent set domain = 'other.test'")
    await sql('delete from transport.result')
    await makeDue()
    await sender.sendDue()
    expect((await sql('select state, error from transport.report_sent')).rows).toMatchObject([
      { state: 'unwanted', error: null },
    ])
    expect(posted).toEqual([])
  })
})

const receiver = (own: readonly string[] = []) =>
  createReportReceiver({
    store: createReceivedStore(api.database.pool('bulkhead_smtp'), own),
    newId: createIdGenerator(),
    log,
    nowMs: Date.now,
  })

function mailAbout(domain: string, submitter = 'google.example'): Buffer {
  const day = new Date(Date.now() - DAY).toISOString().slice(0, 10)
  const facts = { submitter, contact: 'tls@google.example', domain, day }
  const report = writeReport(facts, [
    {
      policyType: 'sts',
      policyStrings: ['version: STSv1'],
      mxPatterns: [`mx.${domain}`],
      result: 'certificate-expired',
      mxHost: `mx.${domain}`,
      receiver: '192.0.2.1',
      source: '198.51.100.9',
      sessions: 4,
    },
  ])
  const gzip = gzipSync(JSON.stringify(report.document))
  return writeReportMail({
    from: 'tls@google.example',
    to: 'tls-reports@mail.example.net',
    facts,
    report,
    gzip,
  })
}

describe('TLS reports of others', () => {
  it('are kept once, and shown to the workspace that has proven the domain and to no other', async () => {
    const [ours, theirs] = [await api.workspace(), await api.workspace()]
    await api.call(ours.key, 'POST', '/v1/domains', { name: 'shop.test' })
    const raw = mailAbout('shop.test')
    expect(await receiver().receive(raw)).toEqual({ kind: 'taken', domains: { 'shop.test': 'stored' } })
    expect(await receiver().receive(raw)).toEqual({ kind: 'taken', domains: { 'shop.test': 'known' } })
    const seen = await api.call(ours.key, 'GET', '/v1/tls-reports?domain=shop.test')
    expect(seen.body.data).toMatchObject([
      {
        domain: 'shop.test',
        organisation: 'google.example',
        failures: 4,
        policies: [{ policyType: 'sts', details: [{ result: 'certificate-expired', sessions: 4 }] }],
      },
    ])
    expect((await api.call(theirs.key, 'GET', '/v1/tls-reports?domain=shop.test')).body.data).toEqual([])
    expect((await api.call(ours.key, 'GET', '/v1/installation/tls-reports')).status).toBe(403)
  })

  it('are dropped where they are about nobody here, and shown to the operator where they are about the installation', async () => {
    expect(await receiver().receive(mailAbout('elsewhere.test'))).toEqual({
      kind: 'taken',
      domains: { 'elsewhere.test': 'foreign' },
    })
    expect(await receiver(['mail.example.net']).receive(mailAbout('mail.example.net'))).toMatchObject({
      kind: 'taken',
    })
    const seen = await api.call(api.operatorKey, 'GET', '/v1/installation/tls-reports')
    expect(seen.body.data).toMatchObject([{ domain: 'mail.example.net' }])
  })

  it('fill no table: 200 a day are enough for a domain', async () => {
    const own = receiver(['mail.example.net'])
    await own.receive(mailAbout('mail.example.net'))
    await sql(`insert into transport.report_received (id, domain, organisation, report_id, begins_at, ends_at, successes, failures, policies)
       select gen_random_uuid(), 'mail.example.net', 'x', n::text, now(), now(), 0, 0, '[]' from generate_series(1, 199) as n`)
    expect(await own.receive(mailAbout('mail.example.net', 'late.example'))).toEqual({
      kind: 'taken',
      domains: { 'mail.example.net': 'full' },
    })
  })

  it('are refused where they are none', async () => {
    expect(await receiver().receive(Buffer.from('Subject: hello\r\n\r\nno report here'))).toEqual({
      kind: 'refused',
      reason: 'The mail holds no report.',
    })
  })
})

describe('what the operator sees', () => {
  it('says that DANE is off, and what to do about it', async () => {
    const { status: code, body } = await api.call(api.operatorKey, 'GET', '/v1/installation/tls')
    expect([code, body.dane.state, body.reportsSent, body.policies.data]).toEqual([200, 'off', true, []])
    expect(body.dane.advice).toContain('BULKHEAD_DNSSEC_RESOLVER')
  })

  it('lists the policies that are known, page by page', async () => {
    await sql(
      `select engine.save_sts_policy(name, '1', 'enforce', 86400, '{mx.a.test}') from unnest(array['a.test', 'b.test', 'c.test']) as name`,
    )
    const first = await api.call(api.operatorKey, 'GET', '/v1/installation/tls?limit=2')
    expect(first.body.policies.data.map((row: { domain: string }) => row.domain)).toEqual([
      'a.test',
      'b.test',
    ])
    const next = await api.call(
      api.operatorKey,
      'GET',
      `/v1/installation/tls?limit=2&cursor=${first.body.policies.nextCursor}`,
    )
    expect(next.body.policies).toMatchObject({ data: [{ domain: 'c.test' }], nextCursor: null })
    expect((await api.call(api.operatorKey, 'GET', '/v1/installation/tls?cursor=x')).status).toBe(400)
  })
})
