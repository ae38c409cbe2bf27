import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { rawHttp } from '../constellation/http.ts'
import type { HttpAnswer, HttpCall } from '../constellation/http.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink } from '../constellation/sink.ts'

let sink: JournallingSink
let bulkhead: Installation
beforeAll(async () => {
  sink = await startJournallingSink(100)
  bulkhead = await startInstallation({ outbound: `smtp://127.0.0.1:${sink.port}` })
})
afterAll(async () => {
  await bulkhead?.[Symbol.asyncDispose]()
  await sink?.[Symbol.asyncDispose]()
})

const good = () => ({ from: bulkhead.from, to: 'ann@reader.test', subject: 'Hello', text: 'Hello' })

/** What is wrong with a refusal; null when it is as it should be. */
function complain(name: string, answer: HttpAnswer, field?: string | RegExp, statuses?: readonly number[]) {
  const fields: string[] = (answer.body?.errors ?? []).map((error: { field: string }) => error.field)
  const told = `${name}: ${answer.status} ${answer.text.slice(0, 300)}`
  if (answer.status < 400 || answer.status >= 500) return `not a 4xx: ${told}`
  if (statuses !== undefined && !statuses.includes(answer.status)) return `another status: ${told}`
  if (!(answer.headers.get('content-type') ?? '').startsWith('application/problem+json'))
    return `no problem+json: ${told}`
  if (typeof answer.body.detail !== 'string' || answer.body.status !== answer.status) return `thin: ${told}`
  const matches = (text: string): boolean =>
    typeof field === 'string' ? text.startsWith(field) : field === undefined || field.test(text)
  if (field !== undefined && !fields.some(matches)) return `does not name ${String(field)}: ${told}`
  return null
}

interface Case {
  readonly name: string
  readonly body: unknown
  readonly field?: string | RegExp
  readonly statuses?: readonly number[]
  readonly headers?: Readonly<Record<string, string>>
  readonly path?: string
}

/** Every case must be refused, nothing may be accepted, and the same processes must still run. */
async function refuseAll(cases: readonly Case[]): Promise<void> {
  const before = await bulkhead.ledger()
  const [pids, output] = [bulkhead.pids('api'), bulkhead.output().length]
  const complaints: string[] = []
  for (const each of cases) {
    const options: HttpCall = {
      body: each.body,
      ...(each.headers === undefined ? {} : { headers: each.headers }),
    }
    const answer = await bulkhead.http
      .call('POST', each.path ?? '/v1/messages', options)
      .catch((error: unknown) => error)
    if (answer instanceof Error) complaints.push(`${each.name}: no answer, ${answer.message}`)
    else {
      const complaint = complain(each.name, answer as HttpAnswer, each.field, each.statuses)
      if (complaint !== null) complaints.push(complaint)
    }
  }
  expect(complaints).toEqual([])
  expect((await bulkhead.ledger()).accepted).toBe(before.accepted)
  expect(bulkhead.pids('api')).toEqual(pids)
  expect(bulkhead.output().slice(output)).not.toMatch(/ended \(/)
}

describe.runIf(process.platform === 'linux')('bad input over HTTP', () => {
  it('is refused by name where a field is of the wrong type, unknown or missing', async () => {
    const wrong: Record<string, readonly unknown[]> = {
      from: [
        null,
        1,
        true,
        [],
        {},
        ['a@b.test'],
        { email: 1 },
        { name: 'x' },
        { email: 'a@b.test', x: 1 },
        '',
      ],
      to: [null, 1, true, [], {}, [[]], [null], [{ email: [] }], '', 'nobody', { mail: 'a@b.test' }],
      cc: [null, 1, [], [1], ['x'], {}],
      bcc: [null, 1, [], [1], ['x'], {}],
      replyTo: [null, 1, [], [1], ['x'], {}],
      subject: [null, 1, true, [], {}, 'x'.repeat(2_001)],
      html: [null, 1, true, [], {}],
      text: [null, 1, true, [], {}],
      headers: [
        null,
        1,
        'x',
        [],
        { 'X-A': 1 },
        { 'X-A': null },
        { 'X-A': ['b'] },
        { 'X A': 'b' },
        { '': 'b' },
      ],
      attachments: [
        null,
        1,
        'x',
        {},
        [1],
        [{}],
        [{ filename: 1, content: '' }],
        [{ filename: 'a', content: 5 }],
        [{ filename: 'a', content: '%%%' }],
        [{ filename: '', content: '' }],
        [{ filename: 'a', content: '', path: '/etc/passwd' }],
        [{ filename: 'a', content: '', contentType: 'nonsense' }],
      ],
      tags: [
        null,
        1,
        'x',
        {},
        [1],
        [''],
        ['two\nlines'],
        ['x'.repeat(256)],
        Array.from({ length: 21 }, String),
      ],
      metadata: [null, 1, 'x', [], { a: null }, { a: [] }, { a: { b: 1 } }, { a: 'x'.repeat(10_001) }],
      sendAt: [null, 1, '', 'tomorrow', '2026-13-01T00:00:00Z', '9999-01-01T00:00:00Z', {}],
      expiresAt: [null, 1, '', 'tomorrow', '2020-01-01T00:00:00Z', '9999-01-01T00:00:00Z', {}],
      lane: [null, 1, '', 'fast', 'internal', []],
      sensitive: [null, 1, 'true', []],
      context: [
        null,
        1,
        'x',
        [],
        { event: 1 },
        { actorIp: 'localhost' },
        { actorIp: '1.2.3.4.5' },
        { other: 1 },
      ],
    }
    const typed = Object.entries(wrong).flatMap(([field, values]) =>
      values.map((value) => ({
        name: `${field} = ${JSON.stringify(value).slice(0, 60)}`,
        body: { ...good(), [field]: value },
        field,
      })),
    )
    const unknown = ['templateId', 'To', 'FROM', 'constructor', 'toString', 'x'.repeat(5_000)].map(
      (name) => ({
        name: `unknown field ${name.slice(0, 20)}`,
        body: { ...good(), [name]: 1 },
        field: name.slice(0, 100),
      }),
    )
    const missing = ['from', 'to', 'subject', 'text'].map((name) => {
      const { [name]: _left, ...body }: Record<string, unknown> = good()
      return { name: `no ${name}`, body, field: name }
    })
    await refuseAll([...typed, ...unknown, ...missing])
  })

  it('is refused where an address is none, or the sender is not one of the workspace', async () => {
    const addresses = [
      'plain',
      '@reader.test',
      'ann@',
      'ann@@reader.test',
      'ann@reader..test',
      'ann@-reader.test',
      'ann b@reader.test',
      'ann@reader.test, bob@reader.test',
      'Ann <ann@reader.test',
      'Ann <ann@reader.test> x',
      '<ann@reader.test>\r\nBcc: <b@reader.test>',
      'ann@[127.0.0.1',
      `${'a'.repeat(65)}@reader.test`,
      `a@${'b'.repeat(250)}.test`,
      'ann@reader.test\u0000',
      'ann\u202e@reader.test ',
      '\ud800@reader.test',
    ]
    await refuseAll([
      ...addresses.flatMap((address) => [
        { name: `to ${JSON.stringify(address)}`, body: { ...good(), to: address }, field: 'to' },
        { name: `cc ${JSON.stringify(address)}`, body: { ...good(), cc: [address] }, field: 'cc' },
        {
          name: `replyTo ${JSON.stringify(address)}`,
          body: { ...good(), replyTo: { email: address } },
          field: 'replyTo',
        },
      ]),
      ...['ceo@bank.example', 'x@sub.example.test', 'x@example.test.evil.test', 'x@EXAMPLE.test.'].map(
        (from) => ({ name: `from ${from}`, body: { ...good(), from }, field: 'from' }),
      ),
      {
        name: 'From by header',
        body: { ...good(), headers: { From: 'ceo@bank.example' } },
        field: 'headers',
      },
      {
        name: 'Sender by header',
        body: { ...good(), headers: { Sender: 'ceo@bank.example' } },
        field: 'headers',
      },
      { name: 'Bcc by header', body: { ...good(), headers: { Bcc: 'x@reader.test' } }, field: 'headers' },
    ])
  })

  it('cannot bring a line end or a NUL into any header field', async () => {
    const poisons = ['a\r\nX-Injected: 1', 'a\nX-Injected: 1', 'a\rX-Injected: 1', 'a\u0000b', '\r\n\r\nbody']
    const places: [string, (poison: string) => object][] = [
      ['subject', (p) => ({ subject: p })],
      ['from', (p) => ({ from: { email: bulkhead.from, name: p } })],
      ['from', (p) => ({ from: `"${p}" <${bulkhead.from}>` })],
      ['to', (p) => ({ to: [{ email: 'a@reader.test', name: p }] })],
      ['to', (p) => ({ to: [`${p} <a@reader.test>`] })],
      ['cc', (p) => ({ cc: { email: 'a@reader.test', name: p } })],
      ['replyTo', (p) => ({ replyTo: { email: 'a@reader.test', name: p } })],
      ['replyTo', (p) => ({ replyTo: `a${p}@reader.test` })],
      ['headers', (p) => ({ headers: { 'X-Fine': p } })],
      ['headers', (p) => ({ headers: { [`X-${p}`]: 'fine' } })],
      ['attachments', (p) => ({ attachments: [{ filename: p, content: 'YQ==' }] })],
      [
        'attachments',
        (p) => ({ attachments: [{ filename: 'a', content: 'YQ==', contentType: `text/${p}` }] }),
      ],
      [
        'attachments',
        (p) => ({ attachments: [{ filename: 'a', content: 'YQ==', contentId: p, inline: true }] }),
      ],
      ['tags', (p) => ({ tags: [p] })],
    ]
    await refuseAll(
      places.flatMap(([field, place]) =>
        poisons.map((poison) => ({
          name: `${field} ${JSON.stringify(place(poison)).slice(0, 100)}`,
          body: { ...good(), ...place(poison) },
          field,
        })),
      ),
    )
    const nul = 'a\u0000b'
    await refuseAll([
      { name: 'NUL in text', body: { ...good(), text: nul }, field: 'text' },
      { name: 'NUL in html', body: { ...good(), html: nul }, field: 'html' },
      { name: 'NUL in metadata', body: { ...good(), metadata: { a: nul } }, field: 'metadata' },
      { name: 'NUL in a metadata key', body: { ...good(), metadata: { [nul]: 'a' } }, field: 'metadata' },
      { name: 'NUL in context', body: { ...good(), context: { event: nul } }, field: 'context' },
    ])
    const key = { 'idempotency-key': 'k'.repeat(257) }
    await refuseAll([{ name: 'a long key', body: good(), headers: key, field: 'Idempotency-Key' }])
  })

  it('is refused where there is too much of it', async () => {
    const bomb = Buffer.alloc(42 * 1024 * 1024, 65).toString('base64')
    const halves = { to: addresses(600), cc: addresses(1_001).slice(600) }
    await refuseAll([
      { name: '1,001 recipients', body: { ...good(), to: addresses(1_001) }, field: 'to', statuses: [422] },
      { name: '1,001 in to and cc', body: { ...good(), ...halves }, field: 'to', statuses: [422] },
      { name: '10,001 recipients', body: { ...good(), to: addresses(10_001) }, field: 'to' },
      {
        name: 'a message of 42 MiB',
        body: { ...good(), attachments: [{ filename: 'a', content: bomb.slice(0, 55 * 1024 * 1024) }] },
        statuses: [413],
      },
      { name: 'a body of 60 MB', body: `{"text":"${'x'.repeat(60_000_000)}"}`, statuses: [413] },
      {
        name: '5,000 attachments',
        body: { ...good(), attachments: addresses(5_000).map((filename) => ({ filename, content: 'YQ==' })) },
        field: 'attachments',
      },
      { name: '100,000 header fields', body: { ...good(), headers: manyHeaders(100_000) }, field: 'headers' },
      {
        name: '100,000 metadata keys',
        body: { ...good(), metadata: Object.fromEntries(addresses(100_000).map((name) => [name, 1])) },
        field: 'metadata',
      },
      {
        name: 'a batch of 1,001',
        body: { messages: addresses(1_001) },
        path: '/v1/messages/batch',
        field: 'messages',
      },
      {
        name: '300 KB to a small door',
        body: { name: 'x'.repeat(300_000) },
        path: '/v1/domains',
        statuses: [413],
      },
    ])
  })

  it('is refused where it is not JSON, or JSON meant to hurt', async () => {
    const base = JSON.stringify(good()).slice(0, -1)
    const json = [
      ['half', '{"from":"a'],
      ['a comma too many', `${base},}`],
      ['single quotes', "{'from':'a'}"],
      ['NaN', `${base},"metadata":{"a":NaN}}`],
      ['a comment', `${base}/* x */}`],
      ['invalid UTF-8', Buffer.from(`${base},"html":"\xff\xfe"}`, 'latin1')],
      ['an overlong form', Buffer.from(`${base},"html":"\xc0\xaf"}`, 'latin1')],
      ['UTF-16', Buffer.from(`${base}}`, 'utf16le')],
      ['gzip that was not announced', Buffer.from('1f8b0800000000000003', 'hex')],
      ['an array', '[]'],
      ['a string', '"x"'],
      ['a number', '1e999'],
      ['null', 'null'],
      ['nothing', ''],
      ['blanks', '   '],
      ['__proto__', `${base},"__proto__":{"lane":"bulk"}}`],
      [
        '__proto__ in an address',
        `{"from":"a@example.test","to":{"email":"a@b.test","__proto__":{}},"subject":"","text":""}`,
      ],
      ['constructor.prototype', `${base},"constructor":{"prototype":{"x":1}}}`],
      ['deep arrays', `${base},"metadata":${deep('[', ']', 200_000)}}`],
      ['deep objects', `${base},"metadata":${deep('{"a":', '}', 200_000)}}`],
      ['deep arrays before a NUL', `${base},"metadata":${deep('[', ']', 200_000)},"x":"\\u0000"}`],
      ['deep recipients', `${base},"to":${deep('[', ']', 200_000)}}`],
    ] as const
    await refuseAll([
      ...json.map(([name, body]) => ({ name, body, statuses: [400] })),
      ...json.map(([name, body]) => ({
        name: `batch: ${name}`,
        body,
        path: '/v1/messages/batch',
        statuses: [400],
      })),
      ...[
        'text/html',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        'x',
        'text/plain',
        'message/rfc822',
      ].map((type) => ({
        name: type,
        body: JSON.stringify(good()),
        headers: { 'content-type': type },
        statuses: [415],
      })),
      {
        name: 'gzip',
        body: JSON.stringify(good()),
        headers: { 'content-encoding': 'gzip' },
        statuses: [415],
      },
    ])
    // A key that stands twice counts once, as its last value: the way every JSON.parse reads it, and what is checked is what is sent.
    const twice = await bulkhead.http.send(`${base},"from":"ceo@bank.example"}`)
    expect(complain('a repeated key', twice, 'from', [403])).toBeNull()
  })

  it('is answered where it is not even HTTP, and the next request is served', async () => {
    const long = 'x'.repeat(20_000)
    const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${bulkhead.apiKey}\r\n`
    const json = 'content-type: application/json\r\n'
    const cases: [string, string, RegExp][] = [
      ['20 KB of headers', `${head}x-long: ${long}\r\n\r\n`, /^HTTP\/1.1 431 /],
      ['garbage', '\x16\x03\x01\x02\x00\x01\r\n\r\n', /^HTTP\/1.1 400 /],
      ['a NUL in a header', `${head}x: a\0b\r\n\r\n`, /^HTTP\/1.1 400 /],
      ['two lengths', `${head}${json}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, /^HTTP\/1.1 400 /],
      [
        'length and chunks',
        `${head}${json}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
        /^HTTP\/1.1 400 /,
      ],
      ['a bad chunk', `${head}${json}transfer-encoding: chunked\r\n\r\nzz\r\n`, /^HTTP\/1.1 400 /],
      ['a huge announced length', `${head}${json}content-length: 99999999999\r\n\r\n{`, /^HTTP\/1.1 413 /],
    ]
    const before = await bulkhead.ledger()
    for (const [name, bytes, expected] of cases) {
      const answer = await rawHttp(bulkhead.apiUrl, bytes, 1_500)
      expect(answer, name).toMatch(expected)
      expect(answer, name).toContain('application/problem+json')
    }
    expect((await bulkhead.ledger()).accepted).toBe(before.accepted)
    expect((await bulkhead.http.send(good())).status).toBe(202)
  })

  it('never makes the API say that it is its own fault: no 5xx in all of the above, and mail still goes', async () => {
    expect(bulkhead.output()).not.toMatch(/"status":5\d\d|internal:/)
    const ledger = await bulkhead.untilSettled(20_000)
    expect(ledger.delivered).toBe(ledger.accepted)
    for (const { raw } of await sink.messages()) expect(raw.toString('latin1')).not.toMatch(/X-Injected/i)
  })
})

function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `r${i}@reader.test`)
}

function deep(open: string, close: string, levels: number): string {
  return `${open.repeat(levels)}1${close.repeat(levels)}`
}

function manyHeaders(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, 'v']))
}
