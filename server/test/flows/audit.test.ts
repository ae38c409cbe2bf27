import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckpoint, parseTlogProof, parseVerifierKey, verifyExport, verifyLog } from '@bulkhead/tlog'
import type { Trust } from '@bulkhead/tlog'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { directorySource, urlSource } from '../../../cli/src/audit/sources.ts'
import { KeyringUnavailable } from '../../src/platform/keyring-client/index.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
let key: string
let other: string
beforeAll(async () => {
  api = await startApi()
  key = (await api.workspace('Logged')).key
  other = (await api.workspace('Other')).key
})
afterAll(() => api[Symbol.asyncDispose]())

const start = () => startAudit(api.database, { signer: api.keyring('audit') })
const act = (email: string, by = key) => api.call(by, 'POST', '/v1/suppressions', { email })
const trustIn = async (audit: { vkey(): Promise<string> }, since: string | null = null): Promise<Trust> => ({
  key: parseVerifierKey(await audit.vkey()),
  witnesses: [],
  since,
})
const failed = (verdict: { findings: readonly { state: string; what: string; detail: string }[] }) =>
  verdict.findings.filter((item) => item.state === 'failed').map((item) => `${item.what}: ${item.detail}`)

describe('the audit log', () => {
  it('holds every act and every unwrap, under a checkpoint that the keyring signed', async () => {
    await using audit = start()
    await act('ann@example.com')
    await api.call(key, 'GET', '/v1/suppressions')
    const size = await audit.settle()
    const note = readFileSync(join(audit.directory, 'checkpoint'), 'utf8')
    expect(openCheckpoint(note, { logKeys: [parseVerifierKey(await audit.vkey())] }).size).toBe(size)
    const verdict = await verifyLog(directorySource(audit.directory), await trustIn(audit))
    expect(failed(verdict)).toEqual([])
    expect(verdict.findings.filter((item) => item.state === 'proved').map((item) => item.what)).toEqual(
      expect.arrayContaining(['signature', 'tree', 'records', 'numbers', 'unwraps']),
    )
    const { rows } = await api.database
      .pool('superuser')
      .query(`select 1 from audit_entry where action = 'keyring.unwrapped'`)
    expect(rows.length).toBeGreaterThan(0)
  })

  it('is read by its workspace, newest first and filtered, and by no other', async () => {
    await using audit = start()
    await act('bob@example.com')
    await act('eve@example.com', other)
    await audit.settle()
    const listed = await api.call(key, 'GET', '/v1/audit?action=suppression.added&limit=1')
    expect(listed.body.data).toHaveLength(1)
    const { index } = listed.body.data[0]
    expect((await api.call(other, 'GET', `/v1/audit/${index}`)).status).toBe(404)
    const entry = (await api.call(key, 'GET', `/v1/audit/${index}`)).body
    expect(parseTlogProof(entry.proof).index).toBe(index)
    const more = await api.call(key, 'GET', `/v1/audit?limit=1&cursor=${listed.body.nextCursor}`)
    expect(more.body.data[0].index).toBeLessThan(index)
    const actors = new Set(
      (await api.call(other, 'GET', '/v1/audit')).body.data.map((row: { index: number }) => row.index),
    )
    expect(actors.has(index)).toBe(false)
  })

  it.each(['native', 'ecs'])('is exported as %s with what proves it offline', async (format) => {
    await using audit = start()
    await act(`${format}@example.com`)
    await audit.settle()
    const { text, headers } = await api.call(key, 'GET', `/v1/audit/export?format=${format}`)
    expect(headers.get('content-type')).toContain('application/x-ndjson')
    const lines = text.split('\n')
    const verdict = await verifyExport(lines, await trustIn(audit))
    expect(failed(verdict)).toEqual([])
    expect(verdict.findings.map((item) => item.what)).toContain('inclusion')

    const old = readFileSync(join(audit.directory, 'checkpoint'), 'utf8')
    await act(`later-${format}@example.com`)
    await audit.settle()
    const since = old.split('\n')[1]
    const later = (await api.call(key, 'GET', `/v1/audit/export?format=${format}&since=${since}`)).text.split(
      '\n',
    )
    expect(failed(await verifyExport(later, await trustIn(audit, old)))).toEqual([])
    // An export that does not show it is not believed.
    const mute = (await api.call(key, 'GET', `/v1/audit/export?format=${format}`)).text.split('\n')
    expect(failed(await verifyExport(mute, await trustIn(audit, old)))).toHaveLength(1)

    // Two parts, each with its checkpoint, are one export.
    const first = (await api.call(key, 'GET', `/v1/audit/export?format=${format}&limit=2`)).text
      .trimEnd()
      .split('\n')
    const end = JSON.parse(first.at(-1)!)
    const next = (end.bulkhead?.export ?? end).next
    const head = JSON.parse(first[0]!)
    const rest = await api.call(
      key,
      'GET',
      `/v1/audit/export?format=${format}&from=${next}&since=${(head.bulkhead?.export ?? head).size}`,
    )
    const parts = [...first, ...rest.text.split('\n')]
    expect(failed(await verifyExport(parts, await trustIn(audit)))).toEqual([])
    // A record less, and it is missed.
    const without = parts.filter((_, at) => at !== 2)
    expect((await verifyExport(without, await trustIn(audit))).ok).toBe(false)
  })

  it('shows everybody its public half, and nothing past the checkpoint', async () => {
    await using audit = start()
    await act('public@example.com')
    const size = await audit.settle()
    const verdict = await verifyLog(
      urlSource(`${api.url}/audit`, new AbortController().signal),
      await trustIn(audit),
    )
    expect(failed(verdict)).toEqual([])
    const tile = await fetch(`${api.url}/audit/tile/0/000.p/${size}`)
    expect([tile.status, tile.headers.get('cache-control')]).toEqual([
      200,
      expect.stringContaining('immutable'),
    ])
    expect((await tile.arrayBuffer()).byteLength).toBe(size * 32)
    for (const path of [
      `tile/0/000.p/${size + 1}`,
      'tile/0/000',
      'tile/9/000.p/1',
      'tile/0/..%2f001',
      'tile/x',
      'tile/0/999',
    ])
      expect((await fetch(`${api.url}/audit/${path}`)).status, path).toBe(404)
    const entries = Buffer.from(
      await (await fetch(`${api.url}/audit/tile/entries/000.p/${size}`)).arrayBuffer(),
    )
    expect(entries.toString('latin1')).not.toMatch(/example|suppression|api_key/)
  })

  it('goes on where it stopped, and two sequencers do not fork it', async () => {
    await using first = start()
    await using second = start()
    await Promise.all(Array.from({ length: 20 }, (_, at) => act(`${at}@many.example`)))
    await first.settle()
    await first.stop()
    await act('after@example.com')
    await second.settle()
    const source = urlSource(`${api.url}/audit`, new AbortController().signal)
    expect(failed(await verifyLog(source, await trustIn(second)))).toEqual([])
  })

  it('makes acts fail closed when nobody sequences, while sending and taking away go on (X-08)', async () => {
    const made = await api.call(key, 'POST', '/v1/api-keys', { name: 'to revoke' })
    expect(made.status).toBe(201)
    await api.call(key, 'POST', '/v1/domains', { name: 'shop.test' })
    await api.database
      .pool('superuser')
      .query(
        `update audit_outbox set at = now() - interval '3 minutes' where id = (select id from audit_outbox limit 1)`,
      )
    const refused = await act('late@example.com')
    expect([refused.status, refused.body.code]).toEqual([503, 'unavailable'])
    expect(refused.body.detail).toContain('audit')
    expect((await api.call(key, 'GET', '/v1/suppressions?email=late%40example.com')).body.data).toEqual([])
    const message = { from: 'ann@shop.test', to: 'bob@example.com', subject: 'x', text: 'x' }
    expect((await api.call(key, 'POST', '/v1/messages', message)).status).toBe(202)
    expect(
      (await api.call(key, 'DELETE', `/v1/api-keys/${made.body.apiKey?.id ?? made.body.id}`)).status,
    ).toBe(204)
    // Control: sequenced, the same act happens.
    await using audit = start()
    await audit.settle()
    expect((await act('late@example.com')).status).toBeLessThan(300)
  })

  it('goes on sequencing while the keyring is away, says so, and signs when it is back', async () => {
    const keyring = api.keyring('audit')
    let isAway = true
    const away = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isAway) throw new KeyringUnavailable('away')
      return work()
    }
    await using audit = startAudit(api.database, {
      signer: {
        auditKey: () => away(() => keyring.auditKey()),
        signCheckpoint: (request) => away(() => keyring.signCheckpoint(request)),
      },
    })
    await act('unsigned@example.com')
    const state = async () => (await api.call(key, 'GET', '/v1/audit/state')).body
    await expect.poll(async () => (await state()).problem, { timeout: 10_000 }).toContain('away')
    await expect.poll(async () => (await state()).waitingSince, { timeout: 10_000 }).toBeNull()
    const found = await state()
    expect(found.checkpointSize).toBeLessThan(found.size)
    const [entry] = (await api.call(key, 'GET', '/v1/audit?limit=1')).body.data
    expect((await api.call(key, 'GET', `/v1/audit/${entry.index}`)).body.proof).toBeNull()
    isAway = false
    await audit.settle()
    await expect.poll(async () => (await state()).problem, { timeout: 10_000 }).toBeNull()
  })

  it('says in its state how far it is', async () => {
    await using audit = start()
    await act('state@example.com')
    const size = await audit.settle()
    const { body } = await api.call(key, 'GET', '/v1/audit/state')
    expect(body).toMatchObject({
      size,
      checkpointSize: size,
      problem: null,
      waitingSince: null,
      witnesses: [],
    })
  })
})
