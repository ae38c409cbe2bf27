import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { aPerson } from '../support/people.ts'
import { aPassword, age, anAddress, aSession, kindsTo, linkIn } from './accounts-fixture.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

const MAIN = resolve(import.meta.dirname, '../../../cli/src/main.ts')
vi.setConfig({ testTimeout: 90_000 })

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

/** The command line in a process of its own; lines are what somebody would type. */
function bulkhead(
  args: readonly string[],
  { lines = [], key, as = home }: { lines?: readonly string[]; key?: string; as?: string } = {},
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    const env = {
      PATH: process.env['PATH'],
      HOME: as,
      BULKHEAD_CLI_URL: api.url,
      ...(key === undefined ? {} : { BULKHEAD_CLI_KEY: key }),
    }
    const child = execFile(process.execPath, [MAIN, ...args], { env, timeout: 60_000 }, (error, out, err) =>
      done({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    )
    child.stdin?.end(lines.map((line) => `${line}\n`).join(''))
  })
}

const url = (verb: string, token: string): string => `http://localhost:8600/account/${verb}#${token}`

describe('accounts by the command line', () => {
  it('signs up with an address, its link and a password, and is told to add a second factor', async () => {
    const email = anAddress()
    expect(await bulkhead(['sign-up', email])).toMatchObject({
      code: 0,
      out: expect.stringContaining('Look into your mail'),
    })
    const link = url('sign-up', await linkIn(api, email, 'verify_address'))
    const password = aPassword()
    const twice = await bulkhead(['sign-up', '--link'], { lines: [link, password, `${password}x`] })
    expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('not the same') })
    const args = ['sign-up', '--link', '--name', 'Ann', '--workspace-name', 'Shop']
    const done = await bulkhead(args, { lines: [link, password, password] })
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('add a second factor') })
    expect(done.out + done.err).not.toMatch(/bhu_|bht_/)
    expect((await bulkhead(['account', 'show'])).out).toMatch(new RegExp(`${email}[\\s\\S]*Shop \\(owner\\)`))
  })

  it('resets a password with the link, and shows whoever may approve a recovery what is needed', async () => {
    const workspace = await api.workspace('Shop')
    const member = await aPerson(api, {
      totp: true,
      memberOf: [{ workspace: workspace.id, role: 'developer' }],
    })
    const owner = await aPerson(api, { totp: true, memberOf: [{ workspace: workspace.id, role: 'owner' }] })
    expect((await bulkhead(['account', 'reset-password', member.email])).code).toBe(0)
    const password = aPassword()
    const reset = url('reset', await linkIn(api, member.email, 'reset'))
    const lines = [reset, password, password]
    expect((await bulkhead(['account', 'reset-password', '--link'], { lines })).code).toBe(0)
    expect(await kindsTo(api, member.email)).toContain('password_changed')

    expect((await bulkhead(['account', 'recover', member.email])).code).toBe(0)
    const recovery = url('recovery', await linkIn(api, member.email, 'recovery_asked'))
    const begun = await bulkhead(['account', 'recover', '--link'], { lines: [recovery] })
    expect(begun).toMatchObject({ code: 0, out: expect.stringContaining('0 of 1') })
    const id = /rcv_\w+/.exec(begun.out)?.[0] ?? ''
    const key = await aSession(api, owner.id)
    expect((await bulkhead(['recoveries', 'list'], { key })).out).toContain(id)
    expect((await bulkhead(['recoveries', 'approve', id], { key })).out).toContain('1 of 1')
    await age(api, id, 73)
    const last = url('complete-recovery', await linkIn(api, member.email, 'recovery_ready'))
    expect(
      await bulkhead(['account', 'end-recovery'], { lines: [last, password], as: join(home, 'other') }),
    ).toMatchObject({ code: 0, out: expect.stringContaining('add a second factor') })
  })

  it('lets the operator find, suspend and sign out people, and make a workspace with an invited owner', async () => {
    const person = await aPerson(api)
    const id = encodeId('person', person.id)
    const operator = (...args: string[]) => bulkhead(args, { key: api.operatorKey })
    expect(await operator('people', 'find', person.email)).toMatchObject({ code: 0, out: `${id}\n` })
    for (const verb of ['disable', 'enable', 'sign-out'])
      expect(await operator('people', verb, id)).toMatchObject({ code: 0 })
    expect((await operator('people', 'list')).out).toContain(id)
    expect((await operator('people', 'recoveries')).code).toBe(0)
    const email = anAddress()
    const made = await operator('workspaces', 'create', '--name', 'New shop', '--owner', email)
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining(email) })
    await expect.poll(() => kindsTo(api, email)).toEqual(['invitation'])
  })
})
