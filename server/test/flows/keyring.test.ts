import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startInstallation, type Installation } from '../constellation/installation.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

describe.runIf(process.platform === 'linux')('the operator and the keyring', () => {
  let installation: Installation
  beforeAll(async () => {
    installation = await startInstallation()
  })
  afterAll(() => installation?.[Symbol.asyncDispose]())

  const bulkhead = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
    new Promise((done) => {
      const env = { PATH: process.env['PATH'], BULKHEAD_DATA: installation.dataDirectory }
      execFile(
        process.execPath,
        [join(ROOT, 'cli/src/main.ts'), ...args],
        { cwd: ROOT, env, timeout: 60_000 },
        (error, out, err) => done({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
      )
    })
  const json = async (...args: string[]) => {
    const outcome = await bulkhead(...args, '--json')
    expect(outcome, args.join(' ')).toMatchObject({ code: 0 })
    return JSON.parse(outcome.out)
  }

  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${installation.apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${installation.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
    const answer: any = await response.json()
    return { status: response.status, body: answer }
  }

  it('rotate every key and watch it, and mail from before is read and mail after it is delivered', async () => {
    const message = { from: 'ann@shop.test', to: 'bob@example.com', subject: 'Before', text: 'Hello' }
    expect((await call('POST', '/v1/domains', { name: 'shop.test' })).status).toBe(201)
    const before = await call('POST', '/v1/messages', message)
    expect(before.status).toBe(202)
    const rotated = await bulkhead('keyring', 'rotate', '--watch')
    expect(rotated, rotated.err).toMatchObject({ code: 0 })
    expect(rotated.out).toMatch(/State\s+done/)
    expect(rotated.err).toMatch(/Keys wrapped anew/)
    expect(await call('GET', `/v1/messages/${before.body.id}`)).toMatchObject({
      status: 200,
      body: { subject: 'Before' },
    })
    const after = await call('POST', '/v1/messages', { ...message, subject: 'After' })
    await expect
      .poll(async () => (await call('GET', `/v1/messages/${after.body.id}`)).body.recipients?.[0]?.state, {
        timeout: 20_000,
      })
      .toBe('delivered')
    const status = await json('keyring', 'status')
    expect(status).toMatchObject({ database: 'up', rotation: { state: 'done', scope: 'all', error: null } })
    expect(status.roots).toEqual([expect.objectContaining({ root: status.root, configured: true })])
    const shown = await bulkhead('keyring', 'status')
    expect(shown.out).toMatch(/sender\s+\d+ of 100000/)
  })

  it('ask for a shredding, see it, and take it back, each by name', async () => {
    const { workspace } = await json('workspaces', 'create', '--name', 'Leaving')
    const asked = await json('keyring', 'shred', workspace.id)
    expect(asked).toMatchObject({ workspaceId: workspace.id, state: 'pending' })
    expect(Date.parse(asked.executeAt) - Date.parse(asked.requestedAt)).toBe(168 * 3_600_000)
    expect((await bulkhead('keyring', 'shreds')).out).toContain(workspace.id)
    expect(await json('keyring', 'shred', workspace.id, '--cancel')).toMatchObject({ state: 'cancelled' })
    const again = await bulkhead('keyring', 'shred', 'ws_01jd8x0000e008000000000000', '--cancel')
    expect(again.code).toBe(1)
    const both = await bulkhead('keyring', 'rotate', '--root', '--workspace', workspace.id)
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('write one of them') })
  })

  it('give nothing of it to the key of a workspace', async () => {
    for (const [method, path] of [
      ['GET', '/v1/keyring'],
      ['GET', '/v1/keyring/rotation'],
      ['GET', '/v1/keyring/shreds'],
    ] as const)
      expect(await call(method, path)).toMatchObject({ status: 403, body: { code: 'missing_scope' } })
    expect((await call('POST', '/v1/keyring/rotation', { scope: 'all' })).status).toBe(403)
  })
})
