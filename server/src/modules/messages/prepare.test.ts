import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../kernel/faults.ts'
import { createIdGenerator } from '../../kernel/ids.ts'
import { prepareMessage, scheduleOf, type PrepareOptions } from './prepare-message.ts'
import { prepareMime, type MimeOptions } from './prepare-mime.ts'
import { SendRequest } from './send-request.ts'
import { untracked } from './untracked.test-support.ts'

const NOW = new Date('2026-11-20T10:00:00Z')
const HOUR = 3_600_000
const newId = createIdGenerator()

const OPTIONS: PrepareOptions = {
  id: newId(),
  workspaceId: newId(),
  actor: 'key',
  source: 'api',
  now: NOW,
  links: untracked,
  idempotency: undefined,
}
const prepare = (over: Record<string, unknown> = {}) =>
  prepareMessage(
    SendRequest.parse({
      from: 'Ann <ann@us.example>',
      to: 'bob@x.example',
      subject: 'Hi',
      text: 'Hello.',
      ...over,
    }),
    OPTIONS,
  )

const mime = (raw: string | Buffer, over: Partial<MimeOptions> = {}) =>
  prepareMime({
    id: OPTIONS.id,
    workspaceId: OPTIONS.workspaceId,
    actor: 'key',
    source: 'smtp',
    now: NOW,
    raw: typeof raw === 'string' ? Buffer.from(raw, 'latin1') : raw,
    envelopeFrom: undefined,
    envelopeRecipients: undefined,
    controls: {},
    traceFields: [],
    links: untracked,
    idempotency: undefined,
    ...over,
  })
const lines = (...each: string[]) => each.join('\r\n')
const WHOLE = [
  'From: ann@us.example',
  'To: bob@x.example',
  'Date: Fri, 20 Nov 2026 10:00:00 +0000',
  'Message-ID: <a@b.example>',
]

const many = (count: number) => Array.from({ length: count }, (_, n) => `r${n}@x.example`)
const at = (hours: number) => new Date(NOW.getTime() + hours * HOUR).toISOString()
const times = (sendAt?: string, expiresAt?: string, lane: 'critical' | 'bulk' = 'bulk') =>
  scheduleOf({ sendAt, expiresAt }, lane, false, NOW)

function faultOf(work: () => unknown): Fault {
  try {
    work()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('a message from a request', () => {
  it('mails an address once, under the first kind it was named, and keeps Bcc out of the content', () => {
    const message = prepare({
      to: ['bob@x.example', 'Bob <bob@X.EXAMPLE>'],
      cc: 'carl@x.example',
      bcc: ['bob@x.example', 'secret@x.example'],
    })
    expect(message.recipients).toEqual([
      { kind: 'to', email: 'bob@x.example' },
      { kind: 'cc', email: 'carl@x.example' },
      { kind: 'bcc', email: 'secret@x.example' },
    ])
    expect(message.raw.toString()).not.toMatch(/secret|bcc/i)
  })

  it('takes a thousand recipients and not one more', () => {
    expect(prepare({ to: many(600), bcc: many(1_000).slice(600) }).recipients).toHaveLength(1_000)
    expect(faultOf(() => prepare({ to: many(1_001) })).code).toBe('too_many_recipients')
  })

  it('a sensitive message has one recipient, the critical lane, at most four hours, and no subject in its summary', () => {
    const message = prepare({ sensitive: true, subject: 'Your code 123456' })
    expect(message).toMatchObject({ lane: 'critical', sensitive: true })
    expect(message.summary.subject).toBeUndefined()
    expect(message.expiresAt.getTime() - NOW.getTime()).toBe(4 * HOUR)
    expect(faultOf(() => prepare({ sensitive: true, cc: 'c@x.example' })).fields[0]?.field).toBe('sensitive')
    const late = new Date(NOW.getTime() + 5 * HOUR).toISOString()
    expect(faultOf(() => prepare({ sensitive: true, expiresAt: late })).fields[0]?.field).toBe('expiresAt')
  })

  it('refuses what would be larger than 40 MiB', () => {
    const content = Buffer.alloc(31 * 1024 * 1024).toString('base64')
    expect(faultOf(() => prepare({ attachments: [{ filename: 'a.bin', content }] })).code).toBe('too_large')
  })

  test.prop([
    fc.constantFrom('subject', 'name', 'header', 'filename', 'replyTo'),
    fc.constantFrom('\r\n', '\n', '\r', '\0', '\r\n\t', '\v'),
    fc.string({ maxLength: 10 }),
  ])('no text of a request begins a header of its own (%s)', (where, breaker, around) => {
    const text = `${around}${breaker}Bcc: eve@evil.example`
    const over = {
      subject: { subject: text },
      name: { from: { email: 'ann@us.example', name: text } },
      header: { headers: { 'X-A': text } },
      filename: { attachments: [{ filename: text, content: '' }] },
      replyTo: { replyTo: { email: 'ann@us.example', name: text } },
    }[where]
    try {
      const head = prepare(over).raw.toString('latin1').split('\r\n\r\n')[0] ?? ''
      expect(head).not.toMatch(/^Bcc:/im)
      expect(head.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/)
    } catch (error) {
      expect(error).toBeInstanceOf(Fault)
    }
  })
})

describe('the times of a message', () => {
  it('a time that has passed means now; expiry counts from when it may be sent', () => {
    expect(times(at(-5)).sendAt).toBeUndefined()
    expect(times(at(10))).toEqual({ sendAt: new Date(at(10)), expiresAt: new Date(at(82)) })
    expect(times(at(10), undefined, 'critical').expiresAt).toEqual(new Date(at(14)))
  })

  it.each([
    [at(24 * 31), undefined, 'sendAt'],
    [undefined, at(-1), 'expiresAt'],
    [undefined, at(0), 'expiresAt'],
    [at(5), at(4), 'expiresAt'],
    [undefined, at(24 * 8), 'expiresAt'],
  ])('refuses what cannot be (%s, %s)', (sendAt, expiresAt, field) => {
    expect(faultOf(() => times(sendAt, expiresAt)).fields[0]?.field).toBe(field)
  })
})

describe('a message that came whole', () => {
  it('is kept byte for byte where nothing has to be taken out or put on', () => {
    const raw = lines(...WHOLE, 'X-Odd:  a \t b', '  folded', '', '.dot \xff', '', '')
    expect(mime(raw).message.raw.toString('latin1')).toBe(raw)
  })

  test.prop([fc.uint8Array({ maxLength: 300 })])('keeps any body', (bytes) => {
    const body = Buffer.from(bytes.map((byte) => ([0, 10, 13].includes(byte) ? 65 : byte)))
    const raw = Buffer.concat([Buffer.from(lines(...WHOLE, 'Bcc: x@y.example', '', '')), body])
    const { message } = mime(raw)
    expect(message.raw.equals(Buffer.concat([Buffer.from(lines(...WHOLE, '', '')), body]))).toBe(true)
    expect(message.summary.eightBit).toBe(body.some((byte) => byte > 127))
  })

  it('loses Bcc, Resent-Bcc, Return-Path and control headers with their folded lines, and nothing else', () => {
    const raw = lines(
      'Return-Path: <x@y.example>',
      'X-Bulkhead-Tags: one,',
      ' two',
      ...WHOLE,
      'BCC: secret@x.example,',
      '\tmore@x.example',
      'Resent-Bcc: secret@x.example',
      'X-Bulkhead: kept, it is none of ours',
      '',
      'Bcc: in the body stays',
      '',
    )
    const { message } = mime(raw)
    expect(message.raw.toString()).toBe(
      lines(...WHOLE, 'X-Bulkhead: kept, it is none of ours', '', 'Bcc: in the body stays', ''),
    )
    expect(message.tags).toEqual(['one', 'two'])
    expect(message.recipients.map(({ kind, email }) => [kind, email])).toEqual([
      ['to', 'bob@x.example'],
      ['bcc', 'secret@x.example'],
      ['bcc', 'more@x.example'],
    ])
  })

  it('gets Date and Message-ID where they are missing, under its trace field', () => {
    const { message } = mime(lines('From: ann@us.example', 'To: bob@x.example', '', 'x', ''), {
      traceFields: ['Received: by us.example'],
    })
    const text = message.raw.toString()
    expect(
      text.startsWith(
        'Received: by us.example\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <msg_',
      ),
    ).toBe(true)
    expect(text).toContain(`Message-ID: ${message.summary.messageIdHeader}\r\n`)
  })

  it('goes to its envelope, whatever its header says', () => {
    const { message } = mime(lines(...WHOLE, '', ''), {
      envelopeRecipients: ['bob@X.example', 'other@y.example', 'other@y.example'],
      envelopeFrom: '',
    })
    expect(message.recipients).toEqual([
      { kind: 'to', email: 'bob@x.example' },
      { kind: 'envelope', email: 'other@y.example' },
    ])
    expect(message.summary.envelopeFrom).toBe('')
  })

  it('names every domain that it claims to come from', () => {
    const { claimedDomains } = mime(lines('Sender: s@three.example', ...WHOLE, '', ''), {
      envelopeFrom: 'b@TWO.example',
    })
    expect(claimedDomains).toEqual([
      { field: 'From', domain: 'us.example' },
      { field: 'Sender', domain: 'three.example' },
      { field: 'MAIL FROM', domain: 'two.example' },
    ])
  })

  it.each([
    ['no From', ['To: bob@x.example']],
    ['two senders in From', ['From: ann@us.example, eve@evil.example', 'To: bob@x.example']],
    ['no recipient', ['From: ann@us.example']],
    ['a recipient that is none', ['From: ann@us.example', 'To: bob@']],
    ['a lane that is none', [...WHOLE, 'X-Bulkhead-Lane: internal']],
    ['a flag that is none', [...WHOLE, 'X-Bulkhead-Sensitive: yes']],
    ['metadata that is no JSON', [...WHOLE, 'X-Bulkhead-Metadata: {']],
    ['a time that is none', [...WHOLE, 'X-Bulkhead-Send-At: tomorrow']],
    ['a control header that nobody reads', [...WHOLE, 'X-Bulkhead-Sensitiv: true']],
    [
      'the same control header twice',
      [...WHOLE, 'X-Bulkhead-Sensitive: false', 'X-Bulkhead-Sensitive: true'],
    ],
  ])('is refused with %s', (_what, head) => {
    expect(faultOf(() => mime(lines(...head, '', 'x', ''))).status).toBe(400)
  })

  it('is refused above 40 MiB', () => {
    expect(faultOf(() => mime(Buffer.alloc(40 * 1024 * 1024 + 1))).code).toBe('too_large')
  })

  it('its control headers say what the API says in JSON, and the query outranks them', () => {
    const raw = lines(
      ...WHOLE,
      'X-Bulkhead-Lane: bulk',
      'X-Bulkhead-Metadata: {"order": 7, "vip": true}',
      'X-Bulkhead-Send-At: 2026-11-21T10:00:00+01:00',
      '',
      '',
    )
    expect(mime(raw).message).toMatchObject({
      lane: 'bulk',
      sendAt: new Date('2026-11-21T09:00:00Z'),
      summary: { metadata: { order: 7, vip: true } },
    })
    expect(mime(raw, { controls: { lane: 'critical' } }).message.lane).toBe('critical')
  })
})
