import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendingWorkspace } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

const CLI = join(import.meta.dirname, '../../../cli/src/main.ts')

let api: ApiFixture
let workspace: TestWorkspace
let second: { readonly id: string; readonly key: string }
beforeAll(async () => {
  api = await startApi()
  workspace = await sendingWorkspace(api)
  second = (await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'second' })).body
})
afterAll(() => api[Symbol.asyncDispose]())

/** Runs `bulkhead …` with a key; answers what it printed, or throws what it said instead. */
function bulkhead(key: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], BULKHEAD_CLI_URL: api.url, BULKHEAD_CLI_KEY: key }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [CLI, ...args], { env }, (error, out, err) => {
      if (error === null) resolve(out)
      else reject(new Error(err))
    })
  })
}

describe('the command line', () => {
  it('previews, cuts off, shows why, and lifts with a second person', async () => {
    for (let at = 0; at < 5; at++)
      await api.call(second.key, 'POST', '/v1/messages', {
        from: workspace.from,
        to: 'bob@example.com',
        subject: 'x',
        text: 'x',
      })
    const preview = await bulkhead(workspace.key, 'containments', 'preview', '--all', '--suspect', second.id)
    expect(preview).toMatch(/send:transactional\s+api\s+key_\w+\s+0\.08\s+blocked\n/)
    expect(preview).toMatch(/Waiting mail held\s+transactional 5 of 5/)
    expect(preview).toMatch(new RegExp(`Proposed\\s+${second.id}: .*collateral 0 %`))

    await expect(bulkhead(workspace.key, 'contain', '--reason', 'x')).rejects.toThrow(
      '--capability is missing',
    )
    const made = JSON.parse(
      await bulkhead(
        workspace.key,
        'contain',
        '--capability',
        'send,deliver',
        '--credential',
        second.id,
        '--reason',
        'It leaked.',
        '--until',
        '2h',
        '--json',
      ),
    )
    expect(made).toMatchObject({
      scope: 'credential',
      credential: second.id,
      inForce: true,
      ended: 0,
      unfinished: 0,
    })
    expect(await bulkhead(workspace.key, 'containments', 'list')).toMatch(/active\s+key_\w+\s+deliver,send/)
    expect(await bulkhead(workspace.key, 'containments', 'show', made.id)).toMatch(
      /Reason\s+It leaked\. \(security_hold\)/,
    )
    await expect(bulkhead(second.key, 'lift', made.id, '--reason', 'x')).rejects.toThrow(
      /does not lift its own/,
    )

    const whole = JSON.parse(
      await bulkhead(
        workspace.key,
        'contain',
        '--all',
        '--class',
        'worker',
        '--reason',
        'A drill.',
        '--json',
      ),
    )
    expect(whole.capabilities).not.toContain('read')
    expect(await bulkhead(workspace.key, 'lift', whole.id, '--reason', 'over')).toMatch(
      /State\s+lift requested/,
    )
    expect(await bulkhead(second.key, 'lift', whole.id, '--reason', 'over')).toMatch(/State\s+lifted/)
  }, 90_000)
})
