import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../../cli/src/run.ts'
import type { DoorName } from '../../src/kernel/doors.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'

// The vendors are our own doors on another workspace: they answer as the vendors do, which the vendors' own SDKs show elsewhere.
let api: ApiFixture
let directory: string
beforeAll(async () => {
  api = await startApi()
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-import-'))
})
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await api[Symbol.asyncDispose]()
})

const VARIABLES: Readonly<Record<DoorName, string>> = {
  sendgrid: 'SENDGRID_API_KEY',
  mandrill: 'MANDRILL_API_KEY',
  resend: 'RESEND_API_KEY',
}

interface Vendor {
  /** Of the workspace that stands for the account. */
  readonly key: string
  readonly doorKey: string
  readonly from: string
}

async function vendor(door: DoorName): Promise<Vendor> {
  const { key } = await api.workspace()
  const made = await api.call(key, 'POST', '/v1/api-keys', { name: door, door })
  const base = `${api.url}/compat/${door}`
  return { key, doorKey: made.body.key, from: door === 'mandrill' ? `${base}/api/1.0` : base }
}

const stream = (to: string[]) => ({
  isTTY: false,
  write: (text: string | Uint8Array) => to.push(String(text)),
})

async function imported(door: DoorName, there: Vendor, key: string, more: readonly string[] = []) {
  const out: string[] = []
  const err: string[] = []
  const code = await run(['import', door, '--from', there.from, '--json', ...more], {
    stdout: stream(out),
    stderr: stream(err),
    input: { isTerminal: false, read: async () => Buffer.alloc(0) },
    env: {
      BULKHEAD_DATA: directory,
      BULKHEAD_CLI_URL: api.url,
      BULKHEAD_CLI_KEY: key,
      [VARIABLES[door]]: there.doorKey,
    },
    now: Date.now,
    signal: new AbortController().signal,
    spawn: async () => 1,
  })
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- looked into by this test only
  const report = out.length === 0 ? null : JSON.parse(out.join(''))
  return { code, report, err: err.join('') }
}

function made(answer: Answer): Answer['body'] {
  if (answer.status >= 300) throw new Error(answer.text)
  return answer.body
}

/** What an account has, whatever the vendor. */
async function fill({ key }: Vendor, door: DoorName): Promise<void> {
  const DIALECTS = { sendgrid: 'sendgrid-handlebars', mandrill: 'merge-tags', resend: 'resend' } as const
  const GREETINGS = {
    sendgrid: 'Hello {{name}}',
    mandrill: 'Hello *|NAME|*',
    resend: 'Hello {{{NAME}}}',
  } as const
  const template = made(
    await api.call(key, 'POST', '/v1/templates', {
      name: 'Welcome',
      alias: 'welcome',
      dialect: DIALECTS[door],
      subject: 'Welcome',
      html: `<p>${GREETINGS[door]}</p>`,
    }),
  )
  made(await api.call(key, 'POST', `/v1/templates/${template.id}/versions/1/publish`, {}))
  for (const [email, reason] of [
    ['gone@example.com', 'hard_bounce'],
    ['angry@example.com', 'complaint'],
  ])
    made(await api.call(key, 'POST', '/v1/suppressions', { email, reason }))
  made(await api.call(key, 'POST', '/v1/domains', { name: `shop-${door}.test` }))
  made(
    await api.call(key, 'POST', '/v1/webhooks', {
      url: 'http://127.0.0.1:9/hook',
      format: door,
      eventTypes: ['message.delivered', 'message.bounced'],
    }),
  )
}

describe.each(['sendgrid', 'mandrill', 'resend'] as const)('an import from %s', (door) => {
  it('brings over templates, suppressions, domains and webhooks once, however often it runs, and with --dry-run nothing', async () => {
    const there = await vendor(door)
    await fill(there, door)
    const { key } = await api.workspace()

    const dry = await imported(door, there, key, ['--dry-run'])
    expect([dry.err, dry.report?.dryRun]).toEqual([expect.any(String), true])
    expect(made(await api.call(key, 'GET', '/v1/templates')).data).toEqual([])
    expect(made(await api.call(key, 'GET', '/v1/suppressions')).data).toEqual([])

    const first = await imported(door, there, key)
    expect(first.report?.items.filter((item: { outcome: string }) => item.outcome === 'failed')).toEqual([])
    expect([first.code, first.err]).toEqual([0, expect.any(String)])
    const outcome = (kind: string) =>
      first.report.items
        .filter((item: { kind: string }) => item.kind === kind)
        .map((item: { outcome: string }) => item.outcome)
    for (const kind of ['templates', 'domains', 'webhooks']) expect(outcome(kind)).toEqual(['created'])
    expect(first.report.suppressions).toEqual({ read: 2, added: 2, unchanged: 0, refused: 0 })

    const [template] = made(await api.call(key, 'GET', '/v1/templates')).data
    expect(template.activeVersion).toBe(1)
    const reasons = made(await api.call(key, 'GET', '/v1/suppressions')).data
    expect(
      reasons
        .map((entry: { email: string; reason: string; scope: string }) => [
          entry.email,
          entry.reason,
          entry.scope,
        ])
        .toSorted(),
    ).toEqual([
      ['angry@example.com', 'complaint', 'all'],
      ['gone@example.com', 'hard_bounce', 'all'],
    ])

    const second = await imported(door, there, key)
    expect(second.code).toBe(0)
    for (const item of second.report.items)
      expect(['unchanged', 'left'], JSON.stringify(item)).toContain(item.outcome)
    expect(second.report.suppressions).toMatchObject({ added: 0, unchanged: 2 })
  })

  it('says what the vendor refuses, and writes nothing', async () => {
    const there = await vendor(door)
    const { key } = await api.workspace()
    const refused = await imported(door, { ...there, doorKey: `${there.doorKey.slice(0, -1)}!` }, key)
    expect(refused.code).toBe(2)
    expect(refused.err).toContain('refused')
    expect(made(await api.call(key, 'GET', '/v1/templates')).data).toEqual([])
  })
})

describe('an import from Mandrill', () => {
  it('brings over sender, labels and allowlist too', async () => {
    const there = await vendor('mandrill')
    const ask = async (call: string, body: object) => {
      const answer = await fetch(`${there.from}/${call}.json`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ key: there.doorKey, ...body }),
      })
      expect(answer.status).toBe(200)
    }
    await ask('templates/add', {
      name: 'Hello',
      code: 'x',
      from_email: 'shop@example.com',
      from_name: 'Shop',
      labels: ['a', 'b'],
    })
    await ask('allowlists/add', { email: 'ops@example.com', comment: 'ours' })
    const { key } = await api.workspace()
    expect((await imported('mandrill', there, key)).code).toBe(0)
    const { active } = made(await api.call(key, 'GET', '/v1/templates/hello'))
    expect(active).toMatchObject({ from: { email: 'shop@example.com', name: 'Shop' }, labels: ['a', 'b'] })
    expect(made(await api.call(key, 'GET', '/v1/suppression-exemptions')).data).toMatchObject([
      { email: 'ops@example.com', note: 'ours' },
    ])
    const again = await imported('mandrill', there, key)
    for (const item of again.report.items) expect(item.outcome, JSON.stringify(item)).toBe('unchanged')
  })
})
