import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { dayFromNow, startHost } from './sources-fixture.ts'
import type { Host } from './sources-fixture.ts'

// Each command is a process of its own.
vi.setConfig({ testTimeout: 90_000 })

const FILE = `
[[source]]
name = "old"
address = "127.0.0.2"
[[source]]
name = "new"
address = "127.0.0.3"
pools = ["default", "letters"]
[[warm_up]]
source = "new"
provider = "google"
start = ${dayFromNow(0)}
ramp = { first = 50, last = 400 }
`

let api: ApiFixture
let host: Host
let workspace: { readonly id: string; readonly key: string }
beforeAll(async () => {
  api = await startApi()
  workspace = await api.workspace()
  host = await startHost(api.database, FILE, { host: 'here' })
})
afterAll(async () => {
  await host[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const operator = (method: string, path: string, body?: unknown): Promise<Answer> =>
  api.call(api.operatorKey, method, path, body)

const CLI = join(import.meta.dirname, '../../../cli/src/main.ts')

/** Runs `bulkhead …` as the operator; answers what it printed, or throws what it said instead. */
function bulkhead(...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], BULKHEAD_CLI_URL: api.url, BULKHEAD_CLI_KEY: api.operatorKey }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [CLI, ...args], { env }, (error, out, err) => {
      if (error === null) resolve(out)
      else reject(new Error(err))
    })
  })
}

describe('the operator', () => {
  it('sees what the hosts have and how far warm-ups are', async () => {
    await host.counts(4)
    const { status, body } = await operator('GET', '/v1/sources')
    expect(status).toBe(200)
    expect(body.data).toMatchObject([
      {
        name: 'new',
        hosts: [{ host: 'here', addresses: ['127.0.0.3'], usable: true, live: true }],
        pauses: [],
        warmUps: [{ provider: 'google', state: 'warming', day: 1, days: 4, allowed: 50, complaints: 0 }],
      },
      { name: 'old', hosts: [{ host: 'here', ehloName: 'mail.example.net' }], warmUps: [] },
    ])
  })

  it('lets a source rest and resumes it; senders hear of both, and both are on record', async () => {
    const paused = await operator('POST', '/v1/sources/old/pause', { reason: 'listed', provider: 'yahoo' })
    expect(paused.body.pauses).toMatchObject([
      { provider: 'yahoo', kind: 'operator', reason: 'listed', evidence: [], until: null },
    ])
    await expect.poll(() => host.counts(4, 'yahoo'), { timeout: 15_000 }).toEqual({ new: 4 })
    expect((await operator('POST', '/v1/sources/old/pause', { reason: 'x', provider: 'yahoo' })).status).toBe(
      409,
    )
    expect((await operator('POST', '/v1/sources/old/resume', { provider: 'apple' })).status).toBe(409)
    expect((await operator('POST', '/v1/sources/old/resume', {})).body.pauses).toEqual([])
    await expect.poll(() => host.counts(4, 'yahoo'), { timeout: 15_000 }).toEqual({ new: 2, old: 2 })
    await using audit = startAudit(api.database)
    await audit.settle()
    const { body } = await operator('GET', '/v1/installation/audit?limit=50')
    const acts = body.data.map(
      (entry: { action: string; target: string }) => `${entry.action} ${entry.target}`,
    )
    expect(acts).toEqual(expect.arrayContaining(['source.paused old', 'source.resumed old']))
  })

  it('is told what is wrong: an unknown source, an end that is past', async () => {
    const unknown = await operator('POST', '/v1/sources/odl/pause', { reason: 'x' })
    expect([unknown.status, unknown.body.detail]).toEqual([
      404,
      'No sender has told of a source "odl". There are new, old.',
    ])
    const past = await operator('POST', '/v1/sources/old/pause', {
      reason: 'x',
      until: '2020-01-01T00:00:00Z',
    })
    expect(past.status).toBe(400)
  })

  it('gives a workspace a pool, on the record of that workspace, and takes it back', async () => {
    const path = `/v1/routing/${workspace.id}`
    const workspaceId = decodeId('workspace', workspace.id) ?? ''
    const set = await operator('PUT', path, { lanes: ['bulk', 'critical'], pool: 'letters' })
    expect(set.body.data).toMatchObject([
      { lane: 'critical', pool: 'letters', known: true },
      { lane: 'bulk', pool: 'letters', known: true },
    ])
    const pick = async (): Promise<string> => {
      const picked = await host.sources.pick({ workspaceId, lane: 'bulk', provider: 'yahoo' })
      return picked.kind === 'source' ? picked.source.name : 'wait'
    }
    await expect.poll(async () => `${await pick()} ${await pick()}`, { timeout: 15_000 }).toBe('new new')
    expect((await operator('DELETE', `${path}?lane=bulk`)).status).toBe(204)
    await expect
      .poll(async () => [await pick(), await pick()].toSorted().join(' '), { timeout: 15_000 })
      .toBe('new old')
    const left = await operator('GET', `/v1/routing?workspaceId=${workspace.id}`)
    expect(left.body.data).toMatchObject([{ lane: 'critical' }])
    const typo = await operator('PUT', path, { lanes: ['internal'], pool: 'leters' })
    expect(typo.body.data).toMatchObject([{ lane: 'critical' }, { pool: 'leters', known: false }])
    await using audit = startAudit(api.database)
    await audit.settle()
    const { body } = await api.call(workspace.key, 'GET', '/v1/audit?limit=50')
    const acts = body.data.map((entry: { action: string }) => entry.action)
    expect(acts).toEqual(expect.arrayContaining(['routing.set', 'routing.cleared']))
  })

  it('is the only one who may', async () => {
    expect((await api.call(workspace.key, 'GET', '/v1/sources')).status).toBe(403)
    expect(
      (await api.call(workspace.key, 'PUT', `/v1/routing/${workspace.id}`, { lanes: ['bulk'], pool: 'x' }))
        .status,
    ).toBe(403)
  })

  it('does all of it from the command line', async () => {
    await host.counts(2)
    const list = await bulkhead('sources', 'list')
    expect(list).toMatch(/^new +here +127\.0\.0\.3 +mail\.example\.net +1 +default, letters +usable$/m)
    expect(list).toMatch(/^new +google +warming +1 of 4 +\d+ of 50 +0$/m)
    const paused = await bulkhead(
      'sources',
      'pause',
      'old',
      '--provider',
      'google',
      '--reason',
      'listed',
      '--until',
      '2h',
    )
    expect(paused).toMatch(/^old +google +.+ in \d+ min +operator:\S+ +listed$/m)
    await expect(
      bulkhead('sources', 'pause', 'old', '--provider', 'google', '--reason', 'x'),
    ).rejects.toThrow('rests at google already')
    expect(JSON.parse(await bulkhead('sources', 'resume', 'old', '--json'))).toMatchObject({ pauses: [] })
    expect(await bulkhead('pools', 'set', workspace.id, 'letters', '--lane', 'bulk,internal')).toMatch(
      /^ws_\w+ +bulk +letters +.+$/m,
    )
    expect(await bulkhead('pools', 'list', '--workspace', workspace.id)).toMatch(/internal +letters/)
    expect(await bulkhead('pools', 'clear', workspace.id)).toBe(
      `${workspace.id} uses the common pools again.\n`,
    )
    expect(await bulkhead('pools', 'list')).toBe('No workspace has a pool of its own.\n')
  })
})
