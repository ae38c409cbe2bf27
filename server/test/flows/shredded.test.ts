import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseVerifierKey, verifyLog } from '@bulkhead/tlog'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { directorySource } from '../../../cli/src/audit/sources.ts'
import { startUpkeep } from '../../src/modules/upkeep/index.ts'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import type { TestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

const log = createLogger({ name: 'test', level: 'error' })
let api: ApiFixture
let impatient: TestKeyring
beforeAll(async () => {
  api = await startApi()
  impatient = await makeTestKeyring({
    databaseUrl: api.database.url.bulkhead_keyring,
    rootPath: api.keyringRoot,
    env: { BULKHEAD_SHRED_DELAY_HOURS: '0' },
  })
  await impatient.start()
})
afterAll(async () => {
  await impatient[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const rows = (sql: string, values: readonly unknown[] = []) =>
  api.database
    .pool('superuser')
    .query(sql, [...values])
    .then((result) => result.rows)

async function shred(workspace: TestWorkspace): Promise<void> {
  await using client = createKeyringClient({ socketPath: impatient.socketPath, token: TEST_TOKENS.api, log })
  await client.requestShred(workspace.uuid, 'operator')
  await eventually(async () => {
    const found = (await client.shreds()).find((item) => item.workspaceId === workspace.uuid)
    return found?.state === 'shredded' ? true : undefined
  }, 'the keys are destroyed')
}

/** The duties of the worker until it is disposed of. */
function startWorker(): AsyncDisposable {
  const end = new AbortController()
  const work = startUpkeep({
    pool: api.database.pool('bulkhead_worker'),
    log,
    signal: end.signal,
    keyring: api.keyring('worker'),
    retentionDays: 30,
  })
  return {
    async [Symbol.asyncDispose]() {
      end.abort()
      await work
    },
  }
}

const outcomes = (workspace: TestWorkspace) =>
  rows('select state, detail from outcome where workspace_id = $1', [workspace.uuid])
/** As it stands in the lines of the private files. */
const recordsOf = (workspace: TestWorkspace) => JSON.stringify(`"workspace":"${workspace.uuid}"`).slice(1, -1)
const EXPIRED = { state: 'expired', detail: { reason: 'the workspace was shredded' } }

describe('a shredded workspace', () => {
  it('ends: its credentials die with the reason, its mail expires, its audit records are erased and the log still proves', async () => {
    await using audit = startAudit(api.database, { signer: api.keyring('audit') })
    const [victim, neighbour] = [await sendingWorkspace(api), await sendingWorkspace(api)]
    for (const workspace of [victim, neighbour])
      for (let at = 0; at < 3; at++) await workspace.send({ to: 'bob@example.com' })
    // Of both, so that the chain of the keyring's unwraps goes through records that are erased, and ends with one.
    const opener = api.keyring('sender')
    for (const workspace of [victim, neighbour, victim]) {
      const lease = await api.keyring('api').contentKey(workspace.uuid)
      await opener.openContentKeys(workspace.uuid, [lease.keyId], 'test')
    }
    await audit.settle()
    const files = () =>
      readdirSync(join(audit.directory, 'records'))
        .map((name) => readFileSync(join(audit.directory, 'records', name), 'utf8'))
        .join('')
    expect(files()).toContain(recordsOf(victim))
    await using worker = startWorker()
    expect(worker).toBeDefined()
    await shred(victim)
    const refused = await eventually(async () => {
      const answer = await api.call(victim.key, 'GET', '/v1/domains')
      return answer.status === 410 ? answer.body : undefined
    }, 'the key of the workspace is dead')
    expect(refused).toMatchObject({ code: 'workspace_shredded', detail: expect.stringContaining('shredded') })
    await eventually(
      async () => ((await outcomes(victim)).length === 3 ? true : undefined),
      'its mail is settled',
    )
    expect(await outcomes(victim)).toEqual([EXPIRED, EXPIRED, EXPIRED])
    const waiting = await rows('select workspace_id from queue')
    expect(new Set(waiting.map((row) => row['workspace_id']))).toEqual(new Set([neighbour.uuid]))
    expect((await api.call(neighbour.key, 'GET', '/v1/domains')).status).toBe(200)

    await audit.settle()
    await eventually(
      async () => (files().includes(recordsOf(victim)) ? undefined : true),
      'the files are erased',
    )
    const left = await rows(
      'select count(*)::int as n from audit_entry where workspace_id = $1 and record is not null',
      [victim.uuid],
    )
    expect(left).toEqual([{ n: 0 }])
    expect(files()).toContain(recordsOf(neighbour))
    const verdict = await verifyLog(directorySource(audit.directory), {
      key: parseVerifierKey(await audit.vkey()),
      witnesses: [],
      since: null,
    })
    expect(verdict.findings.filter((item) => item.state === 'failed')).toEqual([])
    expect(verdict.findings).toContainEqual({
      state: 'open',
      what: 'unwraps',
      detail: expect.stringMatching(/more are among the \d+ records that were erased/),
    })
    const list = (await api.call(api.operatorKey, 'GET', '/v1/keyring/shreds')).body.data
    expect(list).toMatchObject([
      { workspaceId: victim.id, state: 'shredded', ended: { mail: 3, webhooks: 0 } },
    ])
    expect(list[0].ended.auditRecords).toBeGreaterThan(0)
    const acts = (await api.call(api.operatorKey, 'GET', '/v1/installation/audit?action=workspace.shredded'))
      .body.data
    expect(acts).toMatchObject([{ target: victim.uuid, actor: 'process:worker' }])
  })

  it('has its mail expired by the sender too, not bounced and not tried again', async () => {
    await using sink = await startTestSink()
    const victim = await sendingWorkspace(api)
    for (let at = 0; at < 3; at++) await victim.send({ to: 'bob@example.com' })
    await shred(victim)
    await using engine = await startRelayingEngine(api, sink)
    expect(engine.state()).toBeDefined()
    await eventually(async () => ((await outcomes(victim)).length === 3 ? true : undefined), 'it is settled')
    expect(await outcomes(victim)).toEqual([EXPIRED, EXPIRED, EXPIRED])
  })
})
