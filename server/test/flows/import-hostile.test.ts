import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../../cli/src/run.ts'
import type { DoorName } from '../../src/kernel/doors.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

// What calls itself the vendor is hostile, broken or somebody else.
let api: ApiFixture
let directory: string
const stops: (() => void)[] = []
beforeAll(async () => {
  api = await startApi()
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-hostile-'))
})
afterAll(async () => {
  for (const stop of stops) stop()
  rmSync(directory, { recursive: true, force: true })
  await api[Symbol.asyncDispose]()
})

const SECRET = 'SG.the-key-of-the-vendor'
const VARIABLES = { sendgrid: 'SENDGRID_API_KEY', mandrill: 'MANDRILL_API_KEY', resend: 'RESEND_API_KEY' }

interface Ask {
  readonly path: string
  readonly query: URLSearchParams
  readonly response: ServerResponse
  readonly request: IncomingMessage
}

/** A vendor; what the answers leave out is an empty list. */
async function vendor(answers: (ask: Ask) => unknown) {
  const seen: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://vendor')
    seen.push(`${url.pathname}${url.search} ${request.headers.authorization ?? ''}`)
    const answer = answers({ path: url.pathname, query: url.searchParams, response, request })
    if (answer === HANDLED) return
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer ?? EMPTY[url.pathname] ?? []))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const HANDLED = Symbol('answered already')
const EMPTY: Readonly<Record<string, unknown>> = {
  '/v3/templates': { result: [], _metadata: {} },
  '/v3/user/webhooks/event/settings/all': { webhooks: [] },
  ...Object.fromEntries(
    ['/templates', '/suppressions', '/domains', '/webhooks'].map((path) => [
      path,
      { object: 'list', has_more: false, data: [] },
    ]),
  ),
}

const stream = (to: string[]) => ({
  isTTY: false,
  write: (text: string | Uint8Array) => to.push(String(text)),
})

async function imported(
  door: DoorName,
  from: string,
  { more = [], key, json = true }: { more?: string[]; key?: string; json?: boolean } = {},
) {
  const out: string[] = []
  const err: string[] = []
  const own = key ?? (await api.workspace()).key
  const code = await run(['import', door, '--from', from, ...(json ? ['--json'] : []), ...more], {
    stdout: stream(out),
    stderr: stream(err),
    input: { isTerminal: false, read: async () => Buffer.alloc(0) },
    env: {
      BULKHEAD_DATA: directory,
      BULKHEAD_CLI_URL: api.url,
      BULKHEAD_CLI_KEY: own,
      [VARIABLES[door]]: SECRET,
    },
    now: Date.now,
    signal: AbortSignal.timeout(25_000),
    spawn: async () => 1,
  })
  const text = out.join('')
  const error = err.join('')
  expect(text).not.toContain(own)
  expect(error).not.toContain(own)
  expect(text).not.toContain(SECRET)
  expect(error).not.toContain(SECRET)
  const call = (method: string, path: string, body?: unknown) => api.call(own, method, path, body)
  return { code, text, error, call }
}

const topic = { id: 7, name: 'News', description: '', is_default: false }

describe('an import from what is not the vendor', () => {
  it('ends where pages never do: the same page again, cursors in a circle, or new things for ever', async () => {
    const page = Array.from({ length: 500 }, (_, n) => ({ email: `a${n}@example.com` }))
    const same = await vendor(({ path }) => (path === '/v3/suppression/bounces' ? page : undefined))
    const first = await imported('sendgrid', same.url, { more: ['--only', 'suppressions'] })
    expect([first.code, first.error]).toEqual([2, expect.stringContaining('the same page again')])

    const cursors = await vendor(({ path, query }) =>
      path === '/suppressions'
        ? { has_more: true, data: [{ id: query.get('after') === 'x' ? 'y' : 'x', email: 'a@example.com' }] }
        : undefined,
    )
    const second = await imported('resend', cursors.url, { more: ['--only', 'suppressions'] })
    expect([second.code, second.error]).toEqual([2, expect.stringContaining('the same page again')])

    const token = await vendor(({ path }) =>
      path === '/v3/templates'
        ? { result: [], _metadata: { next: 'https://api.sendgrid.com/v3/templates?page_token=again' } }
        : undefined,
    )
    const third = await imported('sendgrid', token.url, { more: ['--only', 'templates'] })
    expect([third.code, third.error]).toEqual([2, expect.stringContaining('the same page again')])

    let made = 0
    const domains = await vendor(({ path }) =>
      path === '/v3/whitelabel/domains'
        ? Array.from({ length: 50 }, () => ({ domain: `d${made++}.example` }))
        : undefined,
    )
    const fourth = await imported('sendgrid', domains.url, { more: ['--only', 'domains', '--dry-run'] })
    expect([fourth.code, fourth.error]).toEqual([2, expect.stringContaining('more than 10000 domains')])
  })

  it('takes no answer that is too long, packed or slow, and says so', async () => {
    const bomb = await vendor(({ path, response }) => {
      if (path !== '/v3/suppression/bounces') return undefined
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      const gzip = createGzip()
      gzip.pipe(response)
      const part = Buffer.alloc(1 << 20, ' ')
      let parts = 0
      const more = (): void => {
        if (response.destroyed || parts++ > 2_000) return void gzip.end()
        if (gzip.write(part)) setImmediate(more)
        else gzip.once('drain', more)
      }
      more()
      return HANDLED
    })
    const first = await imported('sendgrid', bomb.url, { more: ['--only', 'suppressions'] })
    expect([first.code, first.error]).toEqual([2, expect.stringContaining('with more than')])

    const broken = await vendor(({ path, response }) => {
      if (path !== '/v3/suppression/bounces') return undefined
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('[')
      setTimeout(() => response.destroy(), 50)
      return HANDLED
    })
    const second = await imported('sendgrid', broken.url, { more: ['--only', 'suppressions'] })
    expect([second.code, second.error]).toEqual([2, expect.stringContaining('GET /v3/suppression/bounces')])
  })

  it('takes what is no answer for no empty account', async () => {
    const page = await vendor(({ response }) => {
      response.end('<html>Please log in to this network</html>')
      return HANDLED
    })
    const first = await imported('sendgrid', page.url)
    expect([first.code, first.error]).toEqual([2, expect.stringContaining('is that SendGrid')])
    const other = await vendor(() => ({ errors: [] }))
    for (const [door, only] of [
      ['sendgrid', 'suppressions'],
      ['sendgrid', 'topics'],
      ['resend', 'suppressions'],
      ['mandrill', 'suppressions'],
    ] as const) {
      const { code, error } = await imported(door, other.url, { more: ['--only', only] })
      expect([door, only, code, error]).toEqual([door, only, 2, expect.stringContaining('no list')])
    }
  })

  it('is followed nowhere else, and its words do not repeat the key', async () => {
    const elsewhere = await vendor(() => [])
    const there = await vendor(({ response }) => {
      response.writeHead(307, { location: `${elsewhere.url}/v3/suppression/bounces` }).end()
      return HANDLED
    })
    expect((await imported('sendgrid', there.url)).code).toBe(2)
    expect((await imported('mandrill', there.url)).code).toBe(2)
    expect(elsewhere.seen).toEqual([])
    const echo = await vendor(({ request, response }) => {
      response.writeHead(403).end(`No: ${request.headers.authorization}`)
      return HANDLED
    })
    // imported() looks for the key in all that is printed.
    const { code, error } = await imported('sendgrid', echo.url)
    expect([code, error]).toEqual([2, expect.stringContaining('No: Bearer')])
  })

  it('writes nothing into the terminal but text, and pollutes nothing', async () => {
    const escape = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202eevil'
    const there = await vendor(({ path }) => {
      if (path === '/v3/templates')
        return { result: [{ id: `../..${escape}` }, { id: '..' }, { id: '__proto__' }], _metadata: {} }
      if (path.startsWith('/v3/templates/'))
        return JSON.parse(
          `{"__proto__":{"polluted":1},"id":"x","name":${JSON.stringify(`${'n'.repeat(5_000)}${escape}`)},"generation":"dynamic","versions":[{"id":"__proto__","active":1,"subject":"{{#each","html_content":"{{__proto__.x}}{{constructor}}","test_data":"{\\"__proto__\\":{\\"polluted\\":1}}"}]}`,
        )
      if (path === '/v3/user/webhooks/event/settings/all')
        return { webhooks: [{ url: `https://x.example/${escape}`, enabled: false }] }
      return undefined
    })
    for (const json of [true, false]) {
      const { text, error } = await imported('sendgrid', there.url, { json })
      // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
      expect(`${text}${error}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/u)
      expect(text.length).toBeLessThan(20_000)
    }
    expect('polluted' in {}).toBe(false)
  })

  it('loses what it has done by no failure that comes later: secrets are shown this once', async () => {
    const there = await vendor(({ path, response }) => {
      if (path === '/webhooks/list.json')
        return [{ url: 'http://127.0.0.1:9/hook', events: ['hard_bounce'], auth_key: 'x' }]
      if (path !== '/subaccounts/list.json') return undefined
      response.writeHead(400).end('{"message":"no"}')
      return HANDLED
    })
    const { code, text, error } = await imported('mandrill', there.url)
    expect([code, error]).toEqual([2, expect.stringContaining('POST /subaccounts/list')])
    const report: { items: { kind: string; secret?: string }[] } = JSON.parse(text)
    expect(report.items.find(({ kind }) => kind === 'webhooks')?.secret).toEqual(expect.any(String))
  })
})

describe('an import of a large or untidy account', () => {
  it('takes long reasons, addresses that are none, and templates that are too large, each for itself', async () => {
    const bounces = Array.from({ length: 3_000 }, (_, n) => ({
      email: n === 5 ? `${'x'.repeat(2_000_000)}@example.com` : `b${n}@example.com`,
      reason: `550 5.1.1 ${'no such user here; '.repeat(60)}`,
    }))
    const there = await vendor(({ path, query }) => {
      if (path === '/v3/suppression/bounces')
        return bounces.slice(Number(query.get('offset')), Number(query.get('offset')) + 500)
      if (path === '/v3/asm/groups') return [topic]
      if (path === '/v3/asm/groups/7/suppressions')
        return [...Array.from({ length: 700 }, (_, n) => `t${n}@example.com`), 'no address', '@', 'a@b c']
      if (path === '/v3/templates') return { result: [{ id: 'd-huge' }, { id: 'd-small' }], _metadata: {} }
      if (path.startsWith('/v3/templates/d-'))
        return {
          name: path,
          generation: 'dynamic',
          versions: [
            {
              id: 'v',
              active: 1,
              subject: 'x',
              html_content: path.endsWith('huge') ? 'x'.repeat(30_000_000) : '<p>x</p>',
            },
          ],
        }
      return undefined
    })
    const { code, text, call } = await imported('sendgrid', there.url)
    const report = JSON.parse(text)
    expect([code, report.suppressions]).toEqual([1, { read: 3_000, added: 2_999, unchanged: 0, refused: 1 }])
    const topics = await call('GET', '/v1/topics')
    const left = await call(
      'GET',
      `/v1/topic-suppressions?topic=${topics.body.data[0].id}&email=t699@example.com`,
    )
    expect(left.body.data).toHaveLength(1)
    expect(report.items).toContainEqual(
      expect.objectContaining({
        kind: 'topics',
        outcome: 'failed',
        detail: expect.stringContaining('3 of 703'),
      }),
    )
    const templates = report.items.filter(({ kind }: { kind: string }) => kind === 'templates')
    expect(templates.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['failed', 'created'])
  }, 60_000)
})
