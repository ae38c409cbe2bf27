import { gzipSync } from 'node:zlib'
import { fc, test } from '@fast-check/vitest'
import PostalMime from 'postal-mime'
import { describe, expect, it } from 'vitest'
import { readReport, readReportMail } from './received-report.ts'
import { readReportEndpoints } from './report-endpoints.ts'
import { reportFilename, writeReportMail } from './report-mail.ts'
import { writeReport } from './report.ts'
import type { ResultRow } from './report.ts'

const NOW = Date.parse('2026-11-23T03:00:00Z')
const facts = {
  submitter: 'mail.example.net',
  contact: 'tls@example.net',
  domain: 'shop.test',
  day: '2026-11-22',
}
const row = (over: Partial<ResultRow>): ResultRow => ({
  policyType: 'sts',
  policyStrings: ['version: STSv1', 'mode: enforce'],
  mxPatterns: ['mx.shop.test'],
  result: 'success',
  mxHost: 'mx.shop.test',
  receiver: '192.0.2.1',
  source: '198.51.100.9',
  sessions: 10,
  ...over,
})
const rows = [
  row({}),
  row({ sessions: 5, receiver: '192.0.2.2' }),
  row({ result: 'certificate-expired', sessions: 3 }),
  row({
    policyType: 'tlsa',
    policyStrings: ['3 1 1 ab'],
    mxPatterns: [],
    result: 'dnssec-invalid',
    sessions: 2,
    receiver: null,
  }),
]

const uris = (...records: string[]) => readReportEndpoints(records).map(({ uri }) => uri)

describe('a TLS report', () => {
  it('says for each policy how many sessions went well and why others did not (RFC 8460 §4.4)', () => {
    const report = writeReport(facts, rows)
    expect(report).toMatchObject({ successes: 15, failures: 5 })
    expect(report.document).toEqual({
      'organization-name': 'mail.example.net',
      'date-range': { 'start-datetime': '2026-11-22T00:00:00Z', 'end-datetime': '2026-11-22T23:59:59Z' },
      'contact-info': 'tls@example.net',
      'report-id': '2026-11-22.shop.test@mail.example.net',
      policies: [
        {
          policy: {
            'policy-type': 'sts',
            'policy-string': ['version: STSv1', 'mode: enforce'],
            'policy-domain': 'shop.test',
            'mx-host': ['mx.shop.test'],
          },
          summary: { 'total-successful-session-count': 15, 'total-failure-session-count': 3 },
          'failure-details': [
            {
              'result-type': 'certificate-expired',
              'sending-mta-ip': '198.51.100.9',
              'receiving-mx-hostname': 'mx.shop.test',
              'receiving-ip': '192.0.2.1',
              'failed-session-count': 3,
            },
          ],
        },
        {
          policy: { 'policy-type': 'tlsa', 'policy-string': ['3 1 1 ab'], 'policy-domain': 'shop.test' },
          summary: { 'total-successful-session-count': 0, 'total-failure-session-count': 2 },
          'failure-details': [
            {
              'result-type': 'dnssec-invalid',
              'sending-mta-ip': '198.51.100.9',
              'receiving-mx-hostname': 'mx.shop.test',
              'failed-session-count': 2,
            },
          ],
        },
      ],
    })
  })

  it('travels as the mail that RFC 8460 §5.3 wants, and reads back as it was', async () => {
    const report = writeReport(facts, rows)
    const raw = writeReportMail({
      from: 'Bulkhead <tls@example.net>',
      to: 'reports@shop.test',
      facts,
      report,
      gzip: gzipSync(JSON.stringify(report.document)),
    })
    const text = raw.toString('latin1')
    expect(text.split('\r\n').every((line) => line.length <= 998 && !/[\r\n]/.test(line))).toBe(true)
    const mail = await PostalMime.parse(raw)
    const header = (key: string) => mail.headers.find((one) => one.key === key)?.value
    expect(mail.subject).toBe(
      `Report Domain: shop.test Submitter: mail.example.net Report-ID: <${report.id}>`,
    )
    expect([header('tls-report-domain'), header('tls-report-submitter'), header('tls-required')]).toEqual([
      'shop.test',
      'mail.example.net',
      'No',
    ])
    expect(header('content-type')).toMatch(/^multipart\/report; report-type="tlsrpt";/)
    expect(mail.attachments.map(({ mimeType, filename }) => [mimeType, filename])).toEqual([
      ['application/tlsrpt+gzip', 'mail.example.net!shop.test!1795305600!1795391999.json.gz'],
    ])
    expect(reportFilename(facts)).toBe(mail.attachments[0]?.filename)
    const read = await readReportMail(raw, NOW)
    expect(read).toMatchObject({
      ok: true,
      report: {
        organisation: 'mail.example.net',
        reportId: report.id,
        beginsAt: new Date('2026-11-22T00:00:00Z'),
      },
    })
    expect(read.ok && read.report.domains.get('shop.test')?.map((policy) => policy.failures)).toEqual([3, 2])
  })

  it('goes where the domain says, and nowhere else', () => {
    expect(uris('v=TLSRPTv1; rua=mailto:tls@shop.test,https://tls.shop.test/in')).toEqual([
      'mailto:tls@shop.test',
      'https://tls.shop.test/in',
    ])
    expect(readReportEndpoints(['v=TLSRPTv1;rua=mailto:a%2Bb@shop.test?subject=x'])).toEqual([
      { kind: 'mailto', uri: 'mailto:a%2Bb@shop.test?subject=x', address: 'a+b@shop.test' },
    ])
    for (const record of [
      'v=TLSRPTv2; rua=mailto:a@shop.test',
      'v=TLSRPTv1; rua=http://shop.test/',
      'v=TLSRPTv1; rua=https://user:pass@shop.test/',
      'v=TLSRPTv1; rua=mailto:a@b@c',
      'v=TLSRPTv1; rua=mailto:a%0d%0aBcc:x@shop.test',
      'v=TLSRPTv1; rua=file:///etc/passwd',
      'v=TLSRPTv1;',
    ])
      expect(uris(record), record).toEqual([])
    expect(uris('v=TLSRPTv1; rua=mailto:a@shop.test', 'v=TLSRPTv1; rua=mailto:b@shop.test')).toEqual([])
    const many = Array.from({ length: 10 }, (_, at) => `mailto:a${at}@shop.test`).join(',')
    expect(uris(`v=TLSRPTv1; rua=${many}`)).toHaveLength(4)
  })
})

const sound = writeReport(facts, rows).document
const asJson = (value: unknown) => readReport(Buffer.from(JSON.stringify(value)), false, NOW)

const range = (begin: string, end: string) => ({
  ...sound,
  'date-range': { 'start-datetime': begin, 'end-datetime': end },
})

describe('a report of a stranger', () => {
  it('is refused before it unpacks to more than it may', () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, 32))
    expect(bomb.length).toBeLessThan(100_000)
    expect(readReport(bomb, true, NOW)).toEqual({ ok: false, problem: 'The report is too large.' })
    const members = Buffer.concat(Array.from({ length: 20 }, () => gzipSync(Buffer.alloc(1_048_576, 32))))
    expect(readReport(members, true, NOW)).toEqual({ ok: false, problem: 'The report is too large.' })
    expect(readReport(Buffer.alloc(5 * 1_048_576, 32), false, NOW)).toMatchObject({ ok: false })
  })

  it('is refused where it is no report, of another time, or about no domain', async () => {
    for (const wrong of [
      null,
      [],
      {},
      { ...sound, policies: [] },
      { ...sound, 'organization-name': '' },
      range('2026-11-22T23:59:59Z', '2026-11-22T00:00:00Z'),
      range('2020-01-01T00:00:00Z', '2020-01-01T23:59:59Z'),
      range('2027-01-01T00:00:00Z', '2027-01-01T23:59:59Z'),
      { ...sound, policies: Array.from({ length: 51 }, () => (sound['policies'] as unknown[])[0]) },
      JSON.parse(JSON.stringify(sound).replaceAll('shop.test', '../etc')),
      JSON.parse(
        JSON.stringify(sound).replace('"total-failure-session-count":3', '"total-failure-session-count":-3'),
      ),
      JSON.parse(
        JSON.stringify(sound).replace(
          '"total-failure-session-count":3',
          '"total-failure-session-count":1e300',
        ),
      ),
    ])
      expect(asJson(wrong).ok, JSON.stringify(wrong)?.slice(0, 80)).toBe(false)
    expect(readReport(Buffer.from('['.repeat(1_000_000)), false, NOW).ok).toBe(false)
    expect((await readReportMail(Buffer.from('Subject: x\r\n\r\nno report'), NOW)).ok).toBe(false)
    expect((await readReportMail(Buffer.alloc(3 * 1_048_576), NOW)).ok).toBe(false)
  })

  it('is kept in bounded parts, without characters that act on a screen', () => {
    const text = JSON.stringify(sound)
      .replace('"mail.example.net"', `"\\u001b[31m${'x'.repeat(400)}"`)
      .replace('"policy-string":["version: STSv1","mode: enforce"]', '"policy-string":"one line"')
    const read = readReport(Buffer.from(text), false, NOW)
    if (!read.ok) throw new Error(read.problem)
    expect(read.report.organisation).toMatch(/^ \[31mx{195}$/)
    expect(read.report.domains.get('shop.test')?.[0]?.policyStrings).toEqual(['one line'])
    const detail = { 'result-type': 'validation-failure', 'failed-session-count': 1 }
    const long = {
      ...sound,
      policies: (sound['policies'] as { policy: unknown }[]).map((policy) => ({
        ...policy,
        'failure-details': Array.from({ length: 9_000 }, () => detail),
      })),
    }
    const cut = asJson(long)
    expect(cut.ok && cut.report.domains.get('shop.test')?.map(({ details }) => details.length)).toEqual([
      250, 250,
    ])
  })

  test.prop([fc.json(), fc.boolean()])('never throws, whatever it holds', (text, packed) => {
    const bytes = Buffer.from(text)
    expect(readReport(packed ? gzipSync(bytes) : bytes, packed, NOW).ok).toBe(false)
  })
})
