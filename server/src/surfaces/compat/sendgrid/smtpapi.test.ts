import { describe, expect, it } from 'vitest'
import { Fault } from '../../../kernel/faults.ts'
import { translateSmtpApi } from './smtpapi.ts'

const NOW_MS = Date.parse('2026-11-22T12:00:00Z')

function translated(
  header: string | readonly string[],
  body = 'Hello -n-.',
  recipients = ['ann@there.example'],
) {
  const raw = Buffer.from(
    [
      'From: News <news@sender.example>',
      'To: Ann <ann@there.example>',
      'Subject: Hello',
      ...[header].flat().map((value) => `X-SMTPAPI: ${value}`),
      '',
      body,
      '',
    ].join('\r\n'),
  )
  return translateSmtpApi({ raw, recipients, nowMs: NOW_MS })
}

const api = (value: unknown, body?: string, recipients?: string[]) =>
  translated(JSON.stringify(value), body, recipients)
const requestsOf = (...call: Parameters<typeof api>) => {
  const made = api(...call)
  if (made?.kind !== 'requests') throw new Error('the message was to be written anew')
  return made.requests
}

const framing = (html: string) => ({
  filters: { template: { settings: { enable: 1, 'text/html': html } } },
})

describe('X-SMTPAPI', () => {
  it('is not there, or empty, or counts once', () => {
    expect(translated([])).toBeNull()
    expect(translated('')).toMatchObject({ kind: 'whole', controls: {} })
    expect(translated(['{"category": "first"}', '{"category": "second"}'])).toMatchObject({
      kind: 'whole',
      controls: { tags: ['first'] },
    })
  })

  it('may be folded, and written in encoded words', () => {
    for (const header of [
      '{"category":\r\n ["a",\r\n\t"b"]}',
      '=?utf-8?q?{=22category=22:_[=22a=22,?=\r\n =?utf-8?q?_=22b=22]}?=',
      '=?utf-8?b?eyJjYXRlZ29yeSI6IFsiYSIsICJiIl19?=',
    ])
      expect(translated(header)).toMatchObject({ kind: 'whole', controls: { tags: ['a', 'b'] } })
  })

  it('takes empty lists for empty objects, as PHP writes them', () => {
    expect(api({ sub: [], section: [], unique_args: [], filters: [], to: [], category: [] })).toMatchObject({
      kind: 'whole',
      controls: {},
    })
  })

  it('leaves no copy of itself', () => {
    const made = translated(['{}', '{}'])
    expect(made?.kind === 'whole' && made.raw.toString().toLowerCase()).not.toContain('smtpapi')
  })

  it('says something to each recipient of the envelope where it names none', () => {
    const requests = requestsOf({ sub: { '-n-': ['A', 'B'] } }, 'Hello -n-.', [
      'ann@there.example',
      'b@there.example',
    ])
    expect(requests.map(({ to, fill, text }) => [to, fill?.data?.['substitutions'], text])).toEqual([
      [[{ email: 'ann@there.example', name: 'Ann' }], { '-n-': 'A' }, 'Hello -n-.\n'],
      [[{ email: 'b@there.example' }], { '-n-': 'B' }, 'Hello -n-.\n'],
    ])
  })

  it('reads settings that are on as 1, true or "1"', () => {
    for (const enable of [1, true, '1'])
      expect(api({ filters: { clicktrack: { settings: { enable } } } })).toMatchObject({
        controls: { trackClicks: true },
      })
    expect(
      api({ filters: { opentrack: { settings: { enable: 0 } }, gravatar: { settings: { enable: 1 } } } }),
    ).toMatchObject({
      controls: { trackOpens: false },
    })
  })

  it('makes no value that would fill the memory', () => {
    const long = `${'x'.repeat(500)}\r\n `.repeat(20)
    const header = `{"to": ["ann@there.example"], "sub": {"a": ["${long}"]}, "unique_args": {"b": "aaa"}}`
    expect(() => translated(header)).toThrow(/too long/)
  })

  it('is refused with a reason, or understood, whatever it holds', () => {
    const whole = {
      to: ['Ann <ann@there.example>'],
      sub: { '-n-': ['A'] },
      section: { s: 't' },
      category: ['a'],
      unique_args: { a: 'b' },
      filters: { footer: { settings: { enable: 1, 'text/html': 'x', 'text/plain': 'y' } } },
      send_at: NOW_MS / 1_000,
      asm_group_id: 1,
      batch_id: 'bat_00000000000000000000000000',
      ip_pool: 'bulk',
    }
    const odd = [
      null,
      true,
      -1,
      1.5,
      '',
      'x',
      [],
      [[]],
      [null],
      {},
      { a: {} },
      JSON.parse('{"__proto__": []}'),
    ]
    let refused = 0
    for (const value of odd)
      for (const key of Object.keys(whole)) {
        try {
          api({ ...whole, [key]: value })
        } catch (error) {
          expect(error, `${key}: ${JSON.stringify(value)}`).toBeInstanceOf(Fault)
          expect(error).toMatchObject({ status: 400 })
          refused += 1
        }
      }
    expect(refused).toBeGreaterThan(50)
  })

  it('shows nobody to another where the message names none of them', () => {
    const footer = { filters: { footer: { settings: { enable: 1, 'text/plain': 'FOOT' } } } }
    const hidden = requestsOf(footer, 'Hello.', ['bob@list.example', 'eve@list.example'])
    expect(hidden).toMatchObject([
      { to: [{ email: 'bob@list.example' }] },
      { to: [{ email: 'eve@list.example' }] },
    ])
    for (const { cc, bcc } of hidden) expect([cc, bcc]).toEqual([undefined, undefined])
    expect(requestsOf(footer, 'Hello.', ['ann@there.example', 'eve@list.example'])).toMatchObject([
      { to: [{ email: 'ann@there.example' }], bcc: [{ email: 'eve@list.example' }] },
    ])
  })

  it('puts a frame around the HTML of the message', () => {
    const raw = Buffer.from(
      [
        'From: news@sender.example',
        'To: ann@there.example',
        'Subject: Hello',
        `X-SMTPAPI: ${JSON.stringify(framing('<div><% body %></div>'))}`,
        'Content-Type: text/html',
        '',
        '<p>$& 5</p>',
        '',
      ].join('\r\n'),
    )
    const made = translateSmtpApi({ raw, recipients: ['ann@there.example'], nowMs: NOW_MS })
    expect(made).toMatchObject({ kind: 'requests', requests: [{ html: '<div><p>$& 5</p>\n</div>' }] })
    expect(requestsOf(framing('no place'))).toMatchObject([{ text: expect.stringContaining('Hello') }])
  })
})
