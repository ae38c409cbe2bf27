import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
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
let directory: string

beforeAll(async () => {
  api = await startApi()
  audit = startAudit(api.database)
  workspace = await sendingWorkspace(api)
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-templates-'))
})
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

function run(args: readonly string[], stdin = ''): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      {
        env: { PATH: process.env['PATH'], BULKHEAD_CLI_URL: api.url, BULKHEAD_CLI_KEY: workspace.key },
        timeout: 60_000,
      },
      (error, out, err) => done({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    )
    child.stdin?.end(stdin)
  })
}

async function json(args: readonly string[], stdin?: string) {
  const outcome = await run([...args, '--json'], stdin)
  expect(outcome.code, `${args.join(' ')}: ${outcome.err}`).toBe(0)
  return JSON.parse(outcome.out)
}

describe('the command line', () => {
  it('creates a template from files, previews, sends, changes and takes it back', async () => {
    const file = join(directory, 'shipped.html')
    writeFileSync(file, '<p>Hello {{ name }}</p>')
    const created = await json([
      'templates',
      'create',
      'Order shipped',
      '--alias',
      'shipped',
      '--subject',
      'Hi {{ name }}',
      '--html-file',
      file,
      '--values',
      '{"name": "Ann"}',
      '--publish',
    ])
    expect(created).toMatchObject({ alias: 'shipped', activeVersion: 1 })
    const preview = await run(['templates', 'preview', 'shipped', '--part', 'html'])
    expect(preview).toMatchObject({ code: 0, out: '<p>Hello Ann</p>\n' })

    const draft = await json(
      ['templates', 'push', 'shipped', '--html-file', '-', '--note', 'shorter'],
      '<p>{{ nam }}',
    )
    expect(draft).toMatchObject({ number: 2, state: 'draft', subject: 'Hi {{ name }}', note: 'shorter' })
    const warned = await run(['templates', 'preview', 'shipped', '--version', '2'])
    expect(warned.out).toContain('html 1:7')
    expect(warned.out).toContain('The data holds no "nam"')
    expect((await run(['templates', 'preview', 'shipped', '--version', '2', '--strict'])).code).toBe(1)
    await json(['templates', 'push', 'shipped', '--draft', '2', '--html', '<p>{{ name }}', '--publish'])

    const send = ['send', '--from', workspace.from, '--to', 'ann@there.example', '--template', 'shipped']
    const sent = await json([...send, '--values', '{"name": "<Bob>"}'])
    expect(await workspace.get(sent.id)).toMatchObject({ subject: 'Hi <Bob>', template: { version: 2 } })
    const older = await json([...send, '--template-version', '1'])
    expect(await workspace.get(older.id)).toMatchObject({ subject: 'Hi', template: { version: 1 } })
    expect((await run([...send, '--text', 'x'])).err).toContain('--template says subject and bodies')

    await json(['templates', 'publish', 'shipped', '1'])
    const shown = await run(['templates', 'show', 'shipped'])
    expect(shown.out.match(/^.* v[12] .*$/gm)?.length).toBeGreaterThanOrEqual(3)
    expect((await run(['templates', 'versions', 'shipped'])).out).toMatch(/v2 +published[^]*v1 +active/)
    const source = await run(['templates', 'version', 'shipped', '1', '--part', 'html'])
    expect(source.out).toBe(readFileSync(file, 'utf8'))
  })

  it('takes templates in the languages of other vendors, and fills a mail without one', async () => {
    const subject = 'Hi {{{NAME}}}'
    const variables = '[{"name": "NAME", "type": "string", "fallback": "you"}]'
    const args = [
      '--subject',
      subject,
      '--text',
      '{{{NAME}}}!',
      '--dialect',
      'resend',
      '--variables',
      variables,
    ]
    await json(['templates', 'create', 'Hello', '--alias', 'hello', ...args, '--publish'])
    expect((await json(['templates', 'preview', 'hello'])).text).toBe('you!')
    const next = await json(['templates', 'push', 'hello', '--text', 'Bye {{{NAME}}}'])
    expect(next).toMatchObject({ dialect: 'resend', variables: [{ name: 'NAME', fallback: 'you' }] })
    const refused = await run([
      'templates',
      'preview',
      '--subject',
      '*|IF:A|*',
      '--text',
      'x',
      '--dialect',
      'merge-tags',
    ])
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining('do not work in a subject')])
    const send = ['send', '--from', workspace.from, '--to', 'ann@there.example', '--subject', '*|UPPER:N|*']
    const sent = await json([...send, '--text', 'x', '--dialect', 'merge-tags', '--values', '{"N": "ann"}'])
    expect(await workspace.get(sent.id)).toMatchObject({ subject: 'ANN' })
  })

  it('copies, renames, deletes and restores, and says what is wrong with what was typed', async () => {
    const { id } = await json([
      'templates',
      'create',
      'One',
      '--alias',
      'one',
      '--subject',
      's',
      '--text',
      't',
    ])
    const copy = await json(['templates', 'duplicate', 'one', '--name', 'Two', '--alias', 'two'])
    await json(['templates', 'push', 'two', '--text', 'u'])
    await json(['templates', 'delete-draft', 'two', '2'])
    expect(await json(['templates', 'update', 'two', '--name', 'Three', '--no-alias'])).toMatchObject({
      id: copy.id,
      name: 'Three',
      alias: null,
    })
    await json(['templates', 'delete', 'one'])
    expect((await json(['templates', 'list', '--search', 'one'])).data).toEqual([])
    expect((await json(['templates', 'list', '--deleted'])).data).toMatchObject([{ id }])
    expect(await json(['templates', 'restore', id])).toMatchObject({ alias: 'one' })
    for (const [args, says] of [
      [['templates', 'create', 'x', '--text', 'y'], '--subject is missing'],
      [['templates', 'preview', 'one', '--values', '[1]'], 'write a JSON object'],
      [['templates', 'publish', 'one', 'first'], 'first is no version'],
      [['templates', 'push', 'one'], 'Nothing to push'],
    ] as const) {
      const { code, err } = await run(args)
      expect([code, err]).toEqual([2, expect.stringContaining(says)])
    }
  })
})
