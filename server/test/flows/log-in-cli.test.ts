import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aPerson } from '../support/people.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

const MAIN = resolve(import.meta.dirname, '../../../cli/src/main.ts')

let api: ApiFixture
let home: string
beforeAll(async () => {
  api = await startApi()
  home = mkdtempSync(join(tmpdir(), 'bulkhead-home-'))
})
afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  await api[Symbol.asyncDispose]()
})

function bulkhead(
  args: readonly string[],
  lines: readonly string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    const env = { PATH: process.env['PATH'], HOME: home, BULKHEAD_CLI_URL: api.url }
    const child = execFile(process.execPath, [MAIN, ...args], { env, timeout: 60_000 }, (error, out, err) =>
      done({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    )
    child.stdin?.end(lines.map((line) => `${line}\n`).join(''))
  })
}

describe('the command line of a person', () => {
  it('logs in, keeps the session for one server in a file of its own, acts in a workspace, steps up, and logs out', async () => {
    const [one, two] = [await api.workspace('One'), await api.workspace('Two')]
    const person = await aPerson(api, {
      totp: true,
      memberOf: [{ workspace: one.id }, { workspace: two.id }],
    })
    expect(await bulkhead(['login', '--email', person.email], ['wrong password'])).toMatchObject({ code: 1 })
    const login = await bulkhead(['login'], [person.email, person.password, person.totp()])
    expect(login).toMatchObject({ code: 0, out: expect.stringContaining('Logged in') })
    const path = join(home, '.config/bulkhead/sessions.json')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const token = /bhu_\w+/.exec(readFileSync(path, 'utf8'))?.[0] ?? ''
    expect(login.out + login.err).not.toContain(token)

    expect(await bulkhead(['keys', 'list'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/workspace_required[\s\S]*/),
    })
    const inTwo = ['--workspace', two.id]
    expect((await bulkhead(['keys', 'list', ...inTwo])).code).toBe(0)
    expect(await bulkhead(['whoami'])).toMatchObject({ code: 0, out: expect.stringContaining('Two') })
    expect(await bulkhead(['sessions', 'list'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('(this one)'),
    })

    await api.database
      .pool('superuser')
      .query(`update account.session set strong_at = now() - interval '10 minutes' where person_id = $1`, [
        person.id,
      ])
    const [code = '', next = ''] = person.recoveryCodes
    await expect
      .poll(async () => (await bulkhead(['keys', 'create', '--name', 'ci', ...inTwo], [])).code)
      .not.toBe(0)
    const made = await bulkhead(['keys', 'create', '--name', 'ci', ...inTwo], ['nothing like a code', code])
    expect([made.code, made.err]).toEqual([0, expect.stringContaining('That was not right')])
    expect((await bulkhead(['sessions', 'step-up'], [next])).code).toBe(0)

    expect((await bulkhead(['logout'])).code).toBe(0)
    expect(() => statSync(path)).toThrow()
    const after = await fetch(`${api.url}/v1/sessions`, { headers: { authorization: `Bearer ${token}` } })
    expect(after.status).toBe(401)
  })

  it('says what to do with a damaged file, and gives a session to no other server', async () => {
    const path = join(home, '.config/bulkhead/sessions.json')
    writeFileSync(path, '{')
    expect(await bulkhead(['whoami'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('log in again'),
    })
    const expiresAt = new Date(Date.now() + 60_000).toISOString()
    writeFileSync(path, JSON.stringify({ 'http://127.0.0.1:1': { token: 'bhu_x', expiresAt } }))
    expect(await bulkhead(['whoami'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('bulkhead login'),
    })
  })
})
