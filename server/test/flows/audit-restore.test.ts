import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseVerifierKey, verifyLog } from '@bulkhead/tlog'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { directorySource } from '../../../cli/src/audit/sources.ts'
import { createWitnessServer } from '../../../cli/src/witness/witness-server.ts'
import { openWitnessState } from '../../../cli/src/witness/witness-state.ts'
import type { Witness } from '../../src/security/audit/index.ts'
import { until } from '../constellation/installation.ts'
import { startAudit, testSigner } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

/** a database that is restored from an older backup does not bring back what was revoked, and its log does not fork. */
let api: ApiFixture
let key: string
let work: string
beforeAll(async () => {
  api = await startApi()
  key = (await api.workspace('Restored')).key
  work = mkdtempSync(join(tmpdir(), 'bulkhead-restore-'))
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  rmSync(work, { recursive: true, force: true })
})

const sql = (text: string) => api.database.pool('superuser').query(text)
const TABLES = [
  'audit_entry',
  'audit_tile',
  'audit_state',
  'audit_stream',
  'audit_unwrap',
  'audit_outbox',
  'api_key',
  'epoch',
  'shredded_workspace',
]

async function backUp(): Promise<void> {
  for (const table of TABLES) await sql(`create table backup_${table} as table ${table}`)
}
/** As a restore does: past triggers and policies. */
async function restore(): Promise<void> {
  for (const table of TABLES) {
    await sql(`alter table ${table} disable trigger user`)
    await sql(`delete from ${table}`)
    await sql(`insert into ${table} select * from backup_${table}`)
    await sql(`alter table ${table} enable trigger user`)
    await sql(`drop table backup_${table}`)
  }
  await sql('alter table audit_outbox enable trigger must_flow')
}

const cosigned = (size: number): Promise<void> =>
  until('the cosignature', 10_000, async () => {
    const { rows } = await sql(`select 1 from audit_state where (witnesses -> 0 ->> 'size')::int = ${size}`)
    return rows.length > 0
  })

describe('a restored database', () => {
  it('gets its log back from the files, and what was revoked since is revoked again', async () => {
    const directory = join(work, 'log')
    const made = await api.call(key, 'POST', '/v1/api-keys', { name: 'stolen', scopes: ['workspace:read'] })
    const stolen: string = made.body.key
    expect((await api.call(stolen, 'GET', '/v1/workspace')).status).toBe(200)
    const before = testSigner()
    {
      await using audit = startAudit(api.database, { directory, signer: before })
      await audit.settle()
    }
    await backUp()
    const { lastSize } = await before.auditKey()
    const rootThen: Buffer = (await sql('select root from audit_state')).rows[0]!['root']
    let size: number
    {
      await using audit = startAudit(api.database, { directory, signer: before })
      expect((await api.call(key, 'DELETE', `/v1/api-keys/${made.body.id}`)).status).toBe(204)
      for (let at = 0; at < 300; at++)
        await api.call(key, 'POST', '/v1/suppressions', { email: `${at}@example.com` })
      size = await audit.settle()
    }
    expect((await api.call(stolen, 'GET', '/v1/workspace')).status).toBe(401)

    await restore()
    // Control: without the audit process the backup has made the stolen key good again.
    const { rows } = await sql(`select 1 from api_key where revoked_at is null and name = 'stolen'`)
    expect(rows).toHaveLength(1)

    // The keyring's memory of the last checkpoint was in the database too.
    const restored = testSigner(undefined, { size: lastSize ?? 0, root: rootThen })
    await using audit = startAudit(api.database, { directory, signer: restored })
    await audit.ready()
    // And perhaps a record of what came meanwhile, such as an alert: it is sequenced from now on.
    expect((await sql('select size from audit_state')).rows[0]!['size']).toBeGreaterThanOrEqual(size)
    expect((await sql(`select 1 from api_key where revoked_at is null and name = 'stolen'`)).rows).toEqual([])
    expect((await api.call(stolen, 'GET', '/v1/workspace')).status).toBe(401)
    await api.call(key, 'POST', '/v1/suppressions', { email: 'after@example.com' })
    await audit.settle()
    // The keyring of the fixture signs its statements with a key that this test's log does not have.
    writeFileSync(join(directory, 'records', 'statements.json'), '[]')
    const trust = { key: parseVerifierKey(await audit.vkey()), witnesses: [], since: null }
    const verdict = await verifyLog(directorySource(directory), trust)
    expect(verdict.findings.filter((item) => item.state === 'failed')).toEqual([])
  })

  it('gets back what was erased since as its commitments, and not as what it said', async () => {
    await using other = await startApi()
    const database = other.database.pool('superuser')
    const directory = join(work, 'erased')
    const [victim, neighbour] = [await other.workspace('Victim'), await other.workspace('Neighbour')]
    const victimId = decodeId('workspace', victim.id)
    const act = (workspace: { key: string }, name: string) =>
      other.call(workspace.key, 'POST', '/v1/suppressions', { email: `${name}@example.com` })
    const before = testSigner()
    const backup = [
      'audit_entry',
      'audit_tile',
      'audit_state',
      'audit_stream',
      'audit_outbox',
      'shredded_workspace',
    ]
    {
      await using audit = startAudit(other.database, { directory, signer: before })
      for (const workspace of [victim, neighbour]) await act(workspace, 'early')
      await audit.settle()
    }
    const saved = (await database.query('select size, root from audit_state')).rows[0]!
    for (const table of backup) await database.query(`create table backup_${table} as table ${table}`)
    let size: number
    const commitments = async () =>
      (await database.query('select index, commitment from audit_entry order by index')).rows
    const records = async () =>
      (
        await database.query(
          `select count(*) filter (where record is null)::int as erased,
                  count(*) filter (where record like '%' || $1 || '%' and record not like '%workspace.shredded%')::int as told
           from audit_entry where index >= $2`,
          [victimId, saved['size']],
        )
      ).rows[0]
    {
      await using audit = startAudit(other.database, { directory, signer: before })
      for (let at = 0; at < 5; at++)
        for (const workspace of [victim, neighbour, victim]) await act(workspace, `late${at}${workspace.id}`)
      await audit.settle()
      await database.query('insert into shredded_workspace (workspace_id, shredded_at) values ($1, now())', [
        victimId,
      ])
      await until('the records are erased', 10_000, async () => (await records())?.told === 0)
      size = await audit.settle()
    }
    const [genuine, erased] = [await commitments(), await records()]
    expect(erased?.erased).toBeGreaterThanOrEqual(5)
    for (const table of backup) {
      await database.query(`alter table ${table} disable trigger user`)
      await database.query(`delete from ${table}`)
      await database.query(`insert into ${table} select * from backup_${table}`)
      await database.query(`alter table ${table} enable trigger user`)
    }
    await database.query('alter table audit_outbox enable trigger must_flow')
    const restored = testSigner(undefined, { size: saved['size'], root: saved['root'] })
    await using audit = startAudit(other.database, { directory, signer: restored })
    await audit.ready()
    expect(await commitments()).toEqual(genuine)
    expect(await records()).toEqual(erased)
    // Both go on, and the files prove it all.
    for (const workspace of [victim, neighbour]) await act(workspace, 'after')
    expect(await audit.settle()).toBeGreaterThan(size)
    writeFileSync(join(directory, 'records', 'statements.json'), '[]')
    const trust = { key: parseVerifierKey(await audit.vkey()), witnesses: [], since: null }
    const verdict = await verifyLog(directorySource(directory), trust)
    expect(verdict.findings.filter((item) => item.state === 'failed')).toEqual([])
    expect(verdict.findings).toContainEqual({
      state: 'proved',
      what: 'records',
      detail: expect.stringMatching(/; \d+ are erased$/),
    })
  })

  it('whose files are lost as well does not go on behind its witness', async () => {
    const signer = testSigner(Buffer.alloc(32, 9))
    const state = openWitnessState(join(work, 'witness'), 'witness.test')
    const server = createWitnessServer({
      state,
      logs: [parseVerifierKey((await signer.auditKey()).vkey)],
      nowMs: Date.now,
      onAnswer: () => undefined,
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address!.port : 0
    const witness: Witness = { url: `http://127.0.0.1:${port}`, key: state.signer.key }
    try {
      {
        await using audit = startAudit(api.database, { signer, witnesses: [witness] })
        await api.call(key, 'POST', '/v1/suppressions', { email: 'kept@example.com' })
        await cosigned(await audit.settle())
      }
      await backUp()
      {
        await using audit = startAudit(api.database, { signer, witnesses: [witness] })
        await api.call(key, 'POST', '/v1/suppressions', { email: 'lost@example.com' })
        await cosigned(await audit.settle())
      }
      await restore()
      await using behind = startAudit(api.database, { signer, witnesses: [witness] })
      await expect(behind.ready()).rejects.toThrow(/witness has cosigned .* restored from an older backup/)
      // Control: without the witness nobody knows, and it leads.
      await behind.stop()
      await using blind = startAudit(api.database, { signer })
      await blind.ready()
    } finally {
      server.closeAllConnections()
      server.close()
      state[Symbol.dispose]()
    }
  })

  it('does not sequence onto files that tell another history', async () => {
    const directory = join(work, 'other')
    {
      await using other = await startApi()
      await using audit = startAudit(other.database, { directory })
      for (let at = 0; at < 3; at++) await other.workspace(`Other ${at}`)
      await audit.settle()
    }
    await using audit = startAudit(api.database, { directory })
    await expect(audit.ready()).rejects.toThrow(/different histories/)
  })
})
