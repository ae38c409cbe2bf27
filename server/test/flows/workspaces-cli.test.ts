import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startProvider } from '../support/sso-provider.ts'
import { linkIn } from './accounts-fixture.ts'
import { PUBLIC_URL, startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { aPerson } from './people-fixture.ts'
import type { TestPerson } from './people-fixture.ts'

const MAIN = resolve(import.meta.dirname, '../../../cli/src/main.ts')

// Each command is a process of its own: on a busy machine a long walk takes more than the usual 30 s.
vi.setConfig({ testTimeout: 90_000 })

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const environment = (token: string) => ({
  PATH: process.env['PATH'],
  BULKHEAD_CLI_URL: api.url,
  BULKHEAD_CLI_KEY: token,
})

/** Runs the command line as whoever has the token; `typed` is what it reads. */
function run(token: string, line: string, typed = ''): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...line.split(' ')],
      { env: environment(token), timeout: 60_000 },
      (error, out, err) => done({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    )
    child.stdin?.end(typed)
  })
}

async function json(who: TestPerson, line: string, typed?: string) {
  const outcome = await run(who.token, `${line} --json`, typed)
  expect(outcome.code, `${line}: ${outcome.err}`).toBe(0)
  return JSON.parse(outcome.out)
}

describe('the command line of a workspace with people', () => {
  it('invites, lets in by the link that is asked for, gives rights and takes them away', async () => {
    const workspace = await api.workspace()
    const [owner, guest] = [
      await aPerson(api, { workspace: workspace.id, role: 'owner', factor: 'passkey' }),
      await aPerson(api, { factor: 'totp' }),
    ]
    const set = await json(owner, 'permission-sets create --name Support --scope messages:read')
    expect((await run(owner.token, `invitations create --email ${guest.email}`)).code).not.toBe(0)
    const made = await json(owner, `invitations create --email ${guest.email} --permission-set ${set.id}`)
    expect((await json(owner, 'invitations list')).data).toMatchObject([{ id: made.id, state: 'open' }])
    const token = await linkIn(api, guest.email, 'invitation')
    await json(guest, 'invitations accept', `${PUBLIC_URL}/account/invitation#${token}\n`)
    expect((await json(guest, 'workspaces mine')).data).toMatchObject([
      { id: workspace.id, permissionSet: 'Support' },
    ])

    const listed = await run(owner.token, 'members list')
    expect(listed.out).toContain(guest.email)
    const { id } = (await json(owner, 'members list')).data.find(
      ({ email }: { email: string }) => email === guest.email,
    )
    await json(owner, `permission-sets update ${set.id} --scope messages:read --scope domains:read`)
    expect((await json(owner, `members show ${id}`)).scopes).toEqual(['messages:read', 'domains:read'])
    expect((await json(owner, `members change ${id} --role analyst`)).role).toBe('analyst')
    await json(owner, `permission-sets delete ${set.id}`)
    expect((await json(owner, `members sessions ${id}`)).data).toHaveLength(1)
    await json(owner, `members end-sessions ${id} --reason drill`)

    const unsure = await run(owner.token, `members remove ${id} --credentials revoke`)
    expect([unsure.code === 0, unsure.err.includes('--yes')]).toEqual([false, true])
    await json(owner, `members remove ${id} --credentials revoke --yes`)
    expect((await json(owner, 'members list')).data).toHaveLength(1)
    const last = await run(owner.token, `workspaces leave ${workspace.id} --yes`)
    expect(last.err).toContain('owner')
    expect(last.code).toBe(1)
  })

  it('sets a policy field by field and shows what waits for another owner', async () => {
    const workspace = await api.workspace()
    const owner = await aPerson(api, { workspace: workspace.id, role: 'owner', factor: 'passkey' })
    await json(owner, 'policy set --session-hours 8 --domain people.test')
    expect(await json(owner, 'policy set --second-factor passkey')).toMatchObject({
      secondFactor: 'passkey',
      sessionHours: 8,
      signInDomains: ['people.test'],
    })
    expect((await json(owner, 'policy set --any-domain')).signInDomains).toEqual([])
    const waiting = await run(owner.token, 'policy set --network 198.51.100.0/24')
    expect(waiting.out).toMatch(/Networks +all[\s\S]*Waits for another owner +networks 198\.51\.100\.0\/24/)
    const alone = await run(owner.token, 'policy confirm')
    expect([alone.code, alone.err.includes('Another owner')]).toEqual([1, true])
  })

  it('connects a provider, waits until somebody has tried it in a browser, and disconnects it', async () => {
    await using provider = await startProvider(PUBLIC_URL, api.url)
    const workspace = await api.workspace()
    const domain = `cli-${workspace.id.slice(-8)}.test`
    expect((await api.call(workspace.key, 'POST', '/v1/domains', { name: domain })).status).toBe(201)
    const owner = await aPerson(api, { workspace: workspace.id, role: 'owner', factor: 'passkey' })
    const connect = `sso connect --issuer ${provider.issuer} --client-id one --domain ${domain}`
    const made = await run(owner.token, connect, 'secret of one\n')
    expect(made.code, made.err).toBe(0)
    expect(made.out).toContain('/v1/sso/callback')
    expect(made.out + made.err).not.toContain('secret of one')

    await provider.be({ sub: 'owner', email: `owner@${domain}` })
    const child = spawn(process.execPath, [MAIN, 'sso', 'test'], { env: environment(owner.token) })
    const text = { out: '', err: '' }
    child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()))
    await vi.waitFor(() => expect(text.err).toContain('/account/sso-test#'), 30_000)
    const link = new URL(/\S+\/account\/sso-test#\S+/.exec(text.err)?.[0] ?? '')
    const begun = new URLSearchParams(link.hash.slice(1))
    // What the page does.
    const back = await provider.follow(`${PUBLIC_URL}/v1/sso/go?state=${begun.get('state') ?? ''}`)
    const done = await api.call('', 'POST', '/v1/sso/finish', {
      code: back.get('code'),
      state: back.get('state'),
      ...(back.has('iss') ? { issuer: back.get('iss') } : {}),
      verifier: begun.get('verifier'),
      transport: 'token',
    })
    expect([done.status, done.body.session], done.text).toEqual([200, null])
    const [code] = await once(child, 'exit')
    expect(code, text.err).toBe(0)
    expect(text.out).toMatch(/Tested +(just now|\d+ s)/)

    expect((await run(owner.token, 'sso disconnect')).err).toContain('--yes')
    await json(owner, 'sso disconnect --yes')
    expect((await run(owner.token, 'sso show')).code).toBe(1)
  })
})
