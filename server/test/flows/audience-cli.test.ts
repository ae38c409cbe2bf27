import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendingWorkspace } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

const MAIN = resolve(import.meta.dirname, '../../../cli/src/main.ts')

// Each command is a process of its own: on a busy machine a long walk takes more than the usual 30 s.
vi.setConfig({ testTimeout: 240_000 })

let api: ApiFixture
let audit: AsyncDisposable
let workspace: TestWorkspace

beforeAll(async () => {
  api = await startApi()
  audit = startAudit(api.database)
  workspace = await sendingWorkspace(api)
})
afterAll(async () => {
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

function run(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      {
        env: { PATH: process.env['PATH'], BULKHEAD_CLI_URL: api.url, BULKHEAD_CLI_KEY: workspace.key },
        timeout: 60_000,
      },
      (error, out, err) => done({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    )
  })
}

async function json(args: readonly string[]) {
  const outcome = await run([...args, '--json'])
  expect(outcome.code, `${args.join(' ')}: ${outcome.err}`).toBe(0)
  return JSON.parse(outcome.out)
}

describe('the command line', () => {
  it('keeps contacts on lists, and sends, watches and cancels broadcasts', async () => {
    const list = await json(['lists', 'create', 'Newsletter', '--description', 'each month'])
    const ann = await json([
      'contacts',
      'add',
      'ann@example.com',
      '--first-name',
      'Ann',
      '--attribute',
      'plan=gold',
      '--attribute',
      'seats=3',
      '--attribute',
      'code="7"',
      '--list',
      list.id,
    ])
    expect(ann).toMatchObject({ firstName: 'Ann', attributes: { plan: 'gold', seats: 3, code: '7' } })
    await json(['contacts', 'add', 'bob@example.com'])
    expect((await run(['contacts', 'add', 'bob@example.com'])).err).toContain('conflict')
    await json(['lists', 'add-contacts', list.id, '--contact', 'bob@example.com'])
    const changed = await json([
      'contacts',
      'change',
      'bob@example.com',
      '--last-name',
      'Lee',
      '--unsubscribed',
      'yes',
    ])
    expect(changed).toMatchObject({ lastName: 'Lee', unsubscribed: true })
    expect((await json(['contacts', 'change', ann.id, '--attribute', 'code='])).attributes).toEqual({
      plan: 'gold',
      seats: 3,
    })
    expect((await run(['contacts', 'list', '--list', list.id])).out).toMatch(/bob@example\.com.*unsubscribed/)
    expect(await json(['contacts', 'count'])).toEqual({ contacts: 2, unsubscribed: 1 })
    expect((await json(['lists', 'list', '--contact', 'ann@example.com'])).data).toHaveLength(1)
    expect((await run(['lists', 'show', list.id])).out).toMatch(/Contacts\s+2/)

    const draft = await json([
      'broadcasts',
      'create',
      'November',
      '--list',
      list.id,
      '--from',
      workspace.from,
      '--subject',
      'Hello {{ first_name }}',
      '--text',
      '{{ unsubscribe_url }}',
    ])
    expect(draft.state).toBe('draft')
    expect(await json(['broadcasts', 'change', draft.id, '--preview', 'News'])).toMatchObject({
      previewText: 'News',
    })
    expect((await json(['broadcasts', 'send', draft.id, '--at', '2h'])).state).toBe('scheduled')
    expect((await json(['broadcasts', 'cancel', draft.id])).state).toBe('cancelled')
    await json(['broadcasts', 'delete', draft.id])
    const second = await json([
      'broadcasts',
      'create',
      'December',
      '--list',
      list.id,
      '--from',
      workspace.from,
      '--subject',
      'Hello {{{FIRST_NAME|there}}}',
      '--text',
      '{{{RESEND_UNSUBSCRIBE_URL}}}',
      '--dialect',
      'resend',
    ])
    await json(['broadcasts', 'send', second.id])
    const runner = api.broadcastRunner()
    while (await runner.round());
    expect((await run(['broadcasts', 'show', second.id])).out).toMatch(/2: 1 sent, 1 skipped/)
    expect((await run(['broadcasts', 'recipients', second.id, '--state', 'skipped'])).out).toMatch(
      /bob@example\.com.*unsubscribed/,
    )
    expect((await run(['broadcasts', 'list', '--state', 'sent'])).out).toContain('December')
    const { data } = await json(['messages', 'list', '--tag', `broadcast:${second.id}`])
    expect(data).toMatchObject([{ subject: 'Hello Ann', to: ['ann@example.com'] }])
    await json(['lists', 'remove-contacts', list.id, '--contact', ann.id])
    await json(['contacts', 'remove', 'bob@example.com'])
    expect((await run(['suppressions', 'show', 'bob@example.com'])).out).toContain('unsubscribe')
    await json(['lists', 'change', list.id, '--name', 'News'])
    await json(['lists', 'delete', list.id])
    expect((await run(['lists', 'list'])).out).toContain('No lists match')
  })
})
