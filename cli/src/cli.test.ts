import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { api, bulkhead, directory, message, SUMMARY, type Asked } from './cli.test-support.ts'

const LEDGER = {
  accepted: 5,
  delivered: 3,
  bounced: 1,
  expired: 0,
  suppressed: 0,
  cancelled: 0,
  uncertain: 0,
  pending: 1,
  scheduled: 0,
  held: 0,
  balanced: true,
  lost: 0,
  doubled: 0,
}

describe('a mistyped command line', () => {
  it.each([
    [['mesages', 'list'], 'Did you mean: bulkhead messages?'],
    [['domains', 'ad', 'x'], 'Did you mean: bulkhead domains add?'],
    [['send', '--form', 'x'], 'Did you mean --from?'],
    [['messages', 'show'], 'MESSAGE is missing'],
    [['messages', 'list', '--limit', 'many'], '--limit many: write a whole number'],
    [['messages', 'list', '--state', 'lost'], 'write one of pending, scheduled'],
    [['messages', 'list', '--since', 'yesterday'], '--since yesterday: write a time such as'],
    [['messages', 'reschedule', 'msg_1'], '--send-at is missing'],
    [['ledger', 'x'], 'one argument too many'],
    [['queue', 'hodl'], 'Did you mean: bulkhead queue hold?'],
    [['send', '--to', '--subject', 'x'], '--to needs a value: --to ADDRESS.'],
    [['ledger', '--json=yes'], '--json takes no value'],
    [['--url', 'http://x', 'queue'], 'comes before any command'],
    [['completion', 'fish'], 'bulkhead completion bash'],
    [['keys', 'create', '--name', 'n', '--scope', 'messages:sned'], 'write one of messages:send'],
  ])('%j is answered with what to type instead, code 2, and nothing is sent', async (line, words) => {
    const { env, asked } = await api({})
    const outcome = await bulkhead(line, { env })
    expect(outcome).toMatchObject({ code: 2, out: '' })
    expect(outcome.err).toContain(words)
    expect(asked).toEqual([])
  })
})

describe('help', () => {
  it('is there for everything, on standard output and with code 0', async () => {
    for (const line of [
      [],
      ['help'],
      ['--help'],
      ['messages'],
      ['help', 'messages', 'list'],
      ['send', '-h'],
      ['help', 'connection'],
    ]) {
      const outcome = await bulkhead(line)
      expect(outcome, line.join(' ')).toMatchObject({ code: 0, err: '' })
      expect(outcome.out.length).toBeGreaterThan(200)
    }
    expect((await bulkhead(['help', 'nothing'])).code).toBe(2)
  })
})

describe('connections', () => {
  it('come from flags, then the environment, then the files of a local installation', async () => {
    const { url, asked, env } = await api({
      'GET /v1/ledger': LEDGER,
      'GET /v1/workspaces': { data: [], nextCursor: null },
    })
    const data = directory({
      'development.json': JSON.stringify({ apiUrl: url, apiKey: 'bhk_file', consoleUrl: url }),
      'operator.json': JSON.stringify({ apiUrl: url, operatorKey: 'bhk_operator' }),
    })
    await bulkhead(['ledger', '--key', 'bhk_flag'], { env: { ...env, BULKHEAD_DATA: data } })
    await bulkhead(['ledger'], { env })
    await bulkhead(['ledger'], { env: { BULKHEAD_DATA: data } })
    await bulkhead(['ledger', '--data', data])
    await bulkhead(['workspaces', 'list', '--data', data])
    expect(asked.map((request) => request.authorization)).toEqual(
      ['flag', 'test', 'file', 'file', 'operator'].map((name) => `Bearer bhk_${name}`),
    )
  })

  it('is that of a workspace made from here, where --workspace names it', async () => {
    const { url, asked } = await api({
      'POST /v1/workspaces': { workspace: { id: 'ws_2', name: 'Two' }, apiKey: { key: 'bhk_two' } },
      'GET /v1/domains': { data: [], nextCursor: null },
    })
    const data = directory({
      'development.json': JSON.stringify({ apiUrl: url, apiKey: 'bhk_one' }),
      'operator.json': JSON.stringify({ apiUrl: url, operatorKey: 'operator' }),
    })
    await bulkhead(['workspaces', 'create', '--name', 'Two', '--data', data])
    await bulkhead(['domains', 'list', '--workspace', 'ws_2', '--data', data])
    await bulkhead(['domains', 'list', '--data', data])
    expect(asked.slice(1).map(({ authorization }) => authorization)).toEqual([
      'Bearer bhk_two',
      'Bearer bhk_one',
    ])
    expect(statSync(join(data, 'workspaces.json')).mode & 0o077).toBe(0)
  })

  it('never send the key of a file to another address', async () => {
    const { url, asked } = await api({ 'GET /v1/ledger': LEDGER })
    const data = directory({
      'development.json': JSON.stringify({ apiUrl: 'http://127.0.0.1:9', apiKey: 'bhk_file' }),
    })
    const outcome = await bulkhead(['ledger', '--url', url, '--data', data])
    expect(outcome).toMatchObject({ code: 2 })
    expect(outcome.err).toContain('No API key is known')
    expect(asked).toEqual([])
  })

  it('that fail say what is wrong and what to do: nothing known (2), nothing there (3), key refused (1)', async () => {
    expect(await bulkhead(['queue'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('bulkhead start'),
    })
    const gone = { BULKHEAD_CLI_URL: 'http://127.0.0.1:9', BULKHEAD_CLI_KEY: 'k' }
    const { env } = await api({
      'GET /v1/queue': { status: 401, json: { title: 'T', code: 'unauthenticated', detail: 'D' } },
    })
    const [unreachable, refused] = await Promise.all([
      bulkhead(['domains', 'add', 'x.test'], { env: gone }),
      bulkhead(['queue'], { env }),
    ])
    expect(unreachable).toMatchObject({ code: 3, err: expect.stringContaining('Is it running?') })
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('expired or revoked') })
  })
})

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const COLOUR = /\u001b\[\d+m/g
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/

describe('answers', () => {
  it('are tables that fit the terminal, with whole ids, and cut nothing in a pipe', async () => {
    const long = { ...SUMMARY, subject: 'word '.repeat(60) }
    const { env } = await api({ 'GET /v1/messages': { data: [long, SUMMARY], nextCursor: null } })
    const narrow = await bulkhead(['messages', 'list'], { env, columns: 100 })
    const plain = narrow.out.replaceAll(COLOUR, '')
    for (const line of plain.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    expect(plain).toContain(SUMMARY.id)
    expect(plain).toContain('ann@exampl')
    expect(plain).toContain('…')
    const piped = await bulkhead(['messages', 'list'], { env })
    expect(piped.out).toContain(long.subject.trim())
    expect(piped.out).toMatch(/delivered 2, bounced 1/)
    expect(piped.out).toContain('4 min ago')
  })

  it('have colours on a terminal only, and not where NO_COLOR is set', async () => {
    const { env } = await api({ 'GET /v1/ledger': LEDGER })
    const coloured = (await bulkhead(['ledger'], { env, columns: 80 })).out
    expect(coloured).toContain('\u001b[32m')
    for (const options of [
      { env },
      { env: { ...env, NO_COLOR: '1' }, columns: 80 },
      { env: { ...env, TERM: 'dumb' }, columns: 80 },
    ])
      expect((await bulkhead(['ledger'], options)).out).not.toContain('\u001b')
  })

  it('cannot take over the terminal: control characters of strangers are replaced', async () => {
    const evil = { ...SUMMARY, subject: 'a\u001b]0;owned\u0007\u001b[2J\u202eb', to: ['x\r\n\u009b31m'] }
    const { env } = await api({ 'GET /v1/messages': { data: [evil], nextCursor: null } })
    const { out } = await bulkhead(['messages', 'list'], { env })
    expect(out).not.toMatch(CONTROL)
  })

  it("are the API's own JSON with --json, also for errors", async () => {
    const { env } = await api({ 'GET /v1/ledger': LEDGER })
    expect(JSON.parse((await bulkhead(['ledger', '--json'], { env })).out)).toEqual(LEDGER)
    const failed = await bulkhead(['messages', 'show', 'msg_1', '--json'], { env })
    expect(failed).toMatchObject({ code: 1, out: '' })
    expect(JSON.parse(failed.err)).toMatchObject({
      error: { code: 'not_found', status: 404, requestId: 'r-1' },
    })
  })

  it('follow cursors up to the limit and say when there is more', async () => {
    const { env, asked } = await api({
      'GET /v1/messages': (request: Asked) => {
        const query = new URL(request.url, 'http://x').searchParams
        const from = Number(query.get('cursor') ?? 0)
        const limit = Number(query.get('limit'))
        const data = Array.from({ length: limit }, (_, index) => ({
          ...SUMMARY,
          subject: `n${from + index}`,
        }))
        return { data, nextCursor: String(from + limit) }
      },
    })
    const { out, err } = await bulkhead(['messages', 'list', '--limit', '150'], { env })
    expect(out.trim().split('\n')).toHaveLength(151)
    expect(asked).toHaveLength(2)
    expect(err).toContain('first 150')
  })

  it('of the ledger are the equation, with code 1 when it does not balance', async () => {
    const { env } = await api({ 'GET /v1/ledger': LEDGER })
    const good = await bulkhead(['ledger'], { env })
    expect(good.code).toBe(0)
    expect(good.out).toMatch(/5 {2}accepted\n=3 {2}delivered\n\+1 {2}bounced/)
    const wrong = await api({ 'GET /v1/ledger': { ...LEDGER, balanced: false, lost: 1 } })
    const bad = await bulkhead(['ledger'], { env: wrong.env })
    expect(bad).toMatchObject({ code: 1, out: expect.stringContaining('1 lost') })
  })
})

const entry = (id: string, type: string) => ({
  id,
  type,
  at: SUMMARY.createdAt,
  recipient: 0,
  detail: { reply: '550 no such user' },
})
describe('send', () => {
  const accepted = { id: 'msg_1', recipients: [{ number: 0, email: 'b@x.test', state: 'pending' }] }
  const addresses = ['--from', 'a@x.test', '--to', 'b@x.test']

  it('makes a message of its flags, with files, spans of time and data', async () => {
    const { env, asked } = await api({ 'POST /v1/messages': accepted })
    const files = directory({ 'bill.pdf': '%PDF' })
    const outcome = await bulkhead(
      [
        'send',
        ...addresses,
        '--to',
        'c@x.test',
        '--subject',
        'S',
        '--text',
        '--x'.replace('--', ''),
        '--html=--<b>',
        '--attach',
        join(files, 'bill.pdf'),
        '--tag',
        't',
        '--metadata',
        'order=7',
        '--header',
        'X-A: b: c',
        '--lane',
        'critical',
        '--sensitive',
        '--send-at',
        '2h',
        '--event',
        'reset',
      ],
      { env },
    )
    expect(outcome).toMatchObject({ code: 0, out: expect.stringContaining('Accepted as msg_1') })
    expect(JSON.parse(asked[0]!.body)).toEqual({
      from: 'a@x.test',
      to: ['b@x.test', 'c@x.test'],
      subject: 'S',
      text: 'x',
      html: '--<b>',
      attachments: [{ filename: 'bill.pdf', content: Buffer.from('%PDF').toString('base64') }],
      tags: ['t'],
      metadata: { order: '7' },
      headers: { 'X-A': 'b: c' },
      lane: 'critical',
      sensitive: true,
      sendAt: '2026-01-31T14:00:00.000Z',
      context: { event: 'reset' },
    })
  })

  it('takes a text from a pipe as the body, and a MIME message as it is', async () => {
    const { env, asked } = await api({ 'POST /v1/messages': accepted, 'POST /v1/messages/mime': accepted })
    await bulkhead(['send', ...addresses, '--subject', 'S'], { env, stdin: 'Disk: full\nFrom: here on\n' })
    expect(JSON.parse(asked[0]!.body)).toMatchObject({ text: 'Disk: full\nFrom: here on\n' })
    const mime = 'From: a@x.test\r\nTo: b@x.test\r\nSubject: s\r\n\r\nHi'
    await bulkhead(['send', '--tag', 't', '--to', 'c@x.test'], { env, stdin: mime })
    expect(asked[1]).toMatchObject({
      url: '/v1/messages/mime?to=c%40x.test&tag=t',
      contentType: 'message/rfc822',
      body: mime,
    })
  })

  it('refuses what cannot be meant before anything is sent', async () => {
    const { env, asked } = await api({})
    const mime = { env, stdin: 'From: a@x.test\nTo: b@x.test\n\nHi' }
    expect((await bulkhead(['send', '--subject', 'x'], mime)).err).toContain('Write it into the message')
    expect((await bulkhead(['send', '--text', 'x', '--mime'], mime)).code).toBe(2)
    expect((await bulkhead(['send', ...addresses], { env })).err).toContain('has no body')
    expect((await bulkhead(['send', '--to', 'b@x.test', '--text', 'x'], { env })).err).toContain(
      '--from is missing',
    )
    expect(
      (await bulkhead(['send', ...addresses, '--text', 'x', '--attach', '/nowhere/x'], { env })).err,
    ).toContain('cannot be read')
    expect(
      (await bulkhead(['send', ...addresses], { env, stdin: new Uint8Array([0xff, 0xfe]) })).err,
    ).toContain('UTF-8')
    expect(asked).toEqual([])
  })

  it('with --wait shows the timeline until all is final; code 1 unless everything was delivered', async () => {
    const { env } = await api({
      'POST /v1/messages': accepted,
      'GET /v1/messages/msg_1': (_: Asked, call: number) =>
        call === 2
          ? message('pending', entry('1', 'message.accepted'))
          : message('bounced', entry('1', 'message.accepted'), entry('2', 'message.bounced')),
    })
    const { code, out } = await bulkhead(['send', ...addresses, '--text', 'x', '--wait'], { env })
    expect(code).toBe(1)
    expect(out.trim().split('\n')).toHaveLength(2)
    expect(out).toMatch(/accepted.*b@x\.test.*\n.*bounced.*550 no such user/)
  })
})

const exported = (name: string): string => `${name}@x.test,manual,all,"said, ""no""",,${SUMMARY.createdAt}\n`

describe('lists of addresses', () => {
  const BUSY = { title: 'T', code: 'unavailable', detail: 'D' }
  const IMPORT = {
    id: 'imp_1',
    state: 'open',
    format: 'csv',
    dryRun: false,
    columns: null,
    nextLine: 1,
    entries: 0,
    added: 0,
    widened: 0,
    unchanged: 0,
    refused: 0,
    createdAt: SUMMARY.createdAt,
  }

  /** Takes lines as the server does, at most `linesMax` at a time; `trouble` answers in its place. */
  function importServer(
    linesMax: number,
    begin: Partial<typeof IMPORT> = {},
    trouble: (call: number) => unknown = () => undefined,
  ) {
    const lines: string[] = []
    let now = { ...IMPORT, ...begin }
    let calls = 0
    const take = (request: Asked): unknown => {
      const { fromLine, text, isLast } = JSON.parse(request.body)
      if (fromLine !== now.nextLine)
        return { status: 409, json: { title: 'T', code: 'conflict', detail: `goes on with ${now.nextLine}` } }
      const whole: string = isLast && !text.endsWith('\n') ? `${text}\n` : text
      const taken = whole
        .split(/(?<=\n)/)
        .filter((line) => line.endsWith('\n'))
        .slice(0, linesMax)
      lines.push(...taken)
      const charsTaken = Math.min(text.length, taken.join('').length)
      const state = isLast && charsTaken === text.length ? 'done' : 'open'
      now = { ...now, state, nextLine: now.nextLine + taken.length, entries: now.entries + taken.length }
      return { import: now, charsTaken }
    }
    const answers = {
      'POST /v1/suppression-imports': (request: Asked) => ({ ...now, ...JSON.parse(request.body) }),
      'POST /v1/suppression-imports/imp_1/lines': (request: Asked) => {
        calls += 1
        const early = trouble(calls)
        if (early !== 'lost') return early ?? take(request)
        take(request)
        return { status: 503, json: BUSY }
      },
      'GET /v1/suppression-imports/imp_1': () => now,
      'GET /v1/suppression-imports/imp_1/refusals': {
        data: [{ line: 3, problem: 'is bad' }],
        nextCursor: null,
      },
    }
    return { answers, lines }
  }

  it('are sent in parts, from the line the server wants, though it is busy and an answer is lost', async () => {
    const server = importServer(2, {}, (call) =>
      call === 1 ? { status: 503, json: BUSY } : call === 3 ? 'lost' : undefined,
    )
    const { env, asked } = await api(server.answers)
    const csv = 'a@x.test\nb@x.test\nc@x.test\nd@x.test\ne@x.test'
    const path = join(directory({ 'list.csv': csv }), 'list.csv')
    const outcome = await bulkhead(['suppressions', 'import', path, '--reason', 'unsubscribe'], { env })
    expect(outcome).toMatchObject({ code: 0, out: expect.stringContaining('Imported 5 of 5') })
    expect(server.lines.join('')).toBe(`${csv}\n`)
    expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({ format: 'csv', reason: 'unsubscribe' })
  })

  it('go on where an import broke off, from the same file, and name the refused lines', async () => {
    const server = importServer(100, { nextLine: 3, refused: 1 })
    const { env } = await api(server.answers)
    const outcome = await bulkhead(['suppressions', 'import', '-', '--resume', 'imp_1'], {
      env,
      stdin: 'a@x.test\nb@x.test\nbad\nd@x.test\n',
    })
    expect(outcome).toMatchObject({ code: 1, out: expect.stringContaining('3  is bad') })
    expect(server.lines).toEqual(['bad\n', 'd@x.test\n'])
  })

  it('say how to go on where the import cannot', async () => {
    const server = importServer(1, {}, (call) =>
      call === 2 ? { status: 423, json: { title: 'T', code: 'contained', detail: 'cut off' } } : undefined,
    )
    const { env } = await api(server.answers)
    const outcome = await bulkhead(['suppressions', 'import', '-'], { env, stdin: 'a@x.test\nb@x.test\n' })
    expect(outcome.code).not.toBe(0)
    expect(outcome.err).toContain('--resume imp_1')
  })

  it('are exported as CSV that can be imported again, to a file only its owner reads', async () => {
    const entry = { type: 'entry', reason: 'manual', scope: 'all', note: 'said, "no"', expiresAt: null }
    const part = (email: string, erased: number, next: string | null) => ({
      text: [
        { ...entry, email, createdAt: SUMMARY.createdAt },
        { type: 'end', entries: 1, erased, next },
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    })
    const { env } = await api({
      'GET /v1/suppressions/export': (request: Asked) =>
        request.url.includes('cursor=more') ? part('b@x.test', 1, null) : part('a@x.test', 0, 'more'),
    })
    const path = join(directory(), 'out.csv')
    const outcome = await bulkhead(['suppressions', 'export', '--output', path], { env })
    expect(outcome.err).toContain('1 entries have no readable address')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const { out } = await bulkhead(['suppressions', 'export'], { env })
    expect(out).toBe(`email,reason,scope,note,expiresAt,createdAt\n${exported('a')}${exported('b')}`)
  })
})
