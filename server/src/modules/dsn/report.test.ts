import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHeaderBlock } from '../../platform/mime/index.ts'
import { RETURNED_BYTES_MAX, writeReport } from './report.ts'
import type { Report, ReportedRecipient } from './report.ts'

const ORIGINAL = Buffer.from(
  'From: a@shop.test\r\nTo: bob@y.test\r\nSubject: Secret plan\r\n\r\nthe body\r\n',
)
const recipient: ReportedRecipient = {
  number: 1,
  email: 'bob@y.test',
  orcpt: 'rfc822;robert+2Bx@y.test',
  detail: { state: 'bounced', code: 550, enhanced: '5.1.1', reply: 'No such user', host: 'mx.y.test' },
}
const report: Report = {
  id: '0190a5b2-0000-7000-8000-000000000001',
  kind: 'failed',
  hostname: 'mail.example.net',
  domain: 'shop.test',
  returnTo: 'a@shop.test',
  envid: 'QQ+2B1',
  messageId: '0190a5b2-0000-7000-8000-000000000002',
  messageIdHeader: '<x@shop.test>',
  arrivedAt: new Date('2026-03-01T10:00:00Z'),
  now: new Date('2026-03-01T10:05:00Z'),
  recipients: [recipient],
  original: ORIGINAL,
  full: false,
}
const text = (change: Partial<Report>): string => writeReport({ ...report, ...change }).raw.toString('latin1')

describe('a report', () => {
  it('says what RFC 3464 asks for, with the names the submitter gave', () => {
    const written = text({})
    for (const line of [
      'To: <a@shop.test>',
      'In-Reply-To: <x@shop.test>',
      'Auto-Submitted: auto-replied',
      'Content-Type: multipart/report; report-type=delivery-status;',
      'Original-Envelope-Id: QQ+1',
      'Reporting-MTA: dns; mail.example.net',
      'Arrival-Date: Sun, 01 Mar 2026 10:00:00 +0000',
      'Original-Recipient: rfc822; robert+x@y.test',
      'Final-Recipient: rfc822; bob@y.test',
      'Action: failed',
      'Status: 5.1.1',
      'Remote-MTA: dns; mx.y.test',
      'Diagnostic-Code: smtp; 550 No such user',
    ])
      expect(written).toContain(`\r\n${line}\r\n`)
  })

  it('returns the header unless all was asked for, all only of failures, and nothing large', () => {
    expect(text({})).toContain('Subject: Secret plan')
    expect(text({})).not.toContain('the body')
    expect(text({ full: true })).toMatch(/Content-Type: message\/rfc822\r\n\r\nFrom: a@shop\.test/)
    expect(text({ full: true })).toContain('the body')
    expect(text({ full: true, kind: 'delayed' })).not.toContain('the body')
    const large = Buffer.concat([ORIGINAL, Buffer.alloc(RETURNED_BYTES_MAX, 'x\r\n')])
    expect(text({ full: true, original: large }).length).toBeLessThan(4_000)
  })

  it('of a message that nobody may read names the Message-ID, and neither subject nor recipient', () => {
    const written = text({
      original: null,
      full: true,
      recipients: [{ ...recipient, email: null, orcpt: undefined }],
    })
    expect(written).toContain('\r\nMessage-ID: <x@shop.test>\r\n\r\n--=_')
    expect(written).not.toMatch(/Secret|bob@/)
    expect(written).toContain('Final-Recipient: rfc822; recipient-1@undisclosed.invalid')
  })

  it('marks 8-bit content, and leaves out a header that is not ASCII', () => {
    const body = Buffer.concat([ORIGINAL, Buffer.from('grün\r\n')])
    expect(writeReport({ ...report, original: body, full: true }).eightBit).toBe(true)
    expect(writeReport({ ...report, original: body, full: false }).eightBit).toBe(false)
    const header = Buffer.from('Subject: grün\r\n\r\nx')
    expect(text({ original: header, full: true })).not.toContain('Subject: gr')
  })

  it('writes addresses that are not ASCII so that every server takes the report', () => {
    const written = text({
      recipients: [{ ...recipient, email: '用户@y.test', orcpt: 'utf-8;\\x{7528}@y.test' }],
    })
    expect(written).toContain('Final-Recipient: utf-8; \\x{7528}\\x{6237}@y.test')
    expect(written).toContain('Original-Recipient: utf-8; \\x{7528}@y.test')
    expect(written).toMatch(/^[\0-\x7f]*$/)
  })

  it.each([
    ['expired', '5.4.7', 'is over'],
    ['suppressed', '5.7.1', 'suppression list'],
    ['uncertain', '5.4.2', 'may have arrived'],
    ['returned', '5.0.0', 'came back later'],
  ])('of a recipient that %s says %s, and why', (state, status, why) => {
    const written = text({ recipients: [{ ...recipient, detail: { state } }] })
    expect(written).toContain(`\r\nStatus: ${status}\r\n`)
    expect(written).toContain(why)
  })

  it('holds no line of another server as a line of its own, whatever that says', () => {
    const hostile = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(
      fc.property(hostile, hostile, hostile, (reply, host, enhanced) => {
        const { raw } = writeReport({
          ...report,
          recipients: [
            { ...recipient, detail: { code: 550, reply: `${reply}\r\nAction: delivered`, host, enhanced } },
          ],
        })
        const written = raw.toString('latin1')
        expect(written.match(/^Action: .*$/gm)).toEqual(
          ['Action: failed\r'.trim()].map((line) => expect.stringContaining(line)),
        )
        expect(written.match(/^Status: 5\.\d+\.\d+\r$/gm)).toHaveLength(1)
        expect(written.split('\r\n').every((line) => line.length <= 998 && !/[\r\n]/.test(line))).toBe(true)
        expect(parseHeaderBlock(raw).ok).toBe(true)
      }),
    )
  })
})
