import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import type { KeyringClient } from '../../src/platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import type { TestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace } from './engine-fixture.ts'

let api: ApiFixture
let stingy: TestKeyring
const clients: KeyringClient[] = []
beforeAll(async () => {
  api = await startApi()
  stingy = await makeTestKeyring({
    databaseUrl: api.database.url.bulkhead_keyring,
    rootPath: api.keyringRoot,
    env: { BULKHEAD_KEYRING_BUDGETS: JSON.stringify({ worker: { keysPerMinute: 0 } }) },
  })
  await stingy.start()
})
afterAll(async () => {
  for (const client of clients) await client[Symbol.asyncDispose]()
  await stingy[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

function clientOf(kind: keyof typeof TEST_TOKENS): KeyringClient {
  const log = createLogger({ name: 'test', level: 'error' })
  const client = createKeyringClient({ socketPath: stingy.socketPath, token: TEST_TOKENS[kind], log })
  clients.push(client)
  return client
}

const refusals = (key: string, path = '/v1/audit'): Promise<{ target: string; actor: string }[]> =>
  api.call(key, 'GET', `${path}?action=keyring.refused`).then((answer) => answer.body.data)

describe('what the keyring refuses', () => {
  it('is in the audit log of the workspace that was asked for, or of the installation, once, also where it is committed late', async () => {
    await using audit = startAudit(api.database, { signer: api.keyring('audit') })
    const [asked, other] = [await sendingWorkspace(api), await sendingWorkspace(api)]
    const lease = await api.keyring('api').contentKey(asked.uuid)
    const worker = clientOf('worker')
    for (let at = 0; at < 3; at++)
      await expect(worker.openContentKeys(asked.uuid, [lease.keyId], 'test')).rejects.toThrow(/budget/)
    await expect(clientOf('smtp').openContentKeys(asked.uuid, [lease.keyId], 'test')).rejects.toThrow()
    await eventually(
      async () => ((await refusals(asked.key)).length > 0 ? true : undefined),
      'it is in the log of the workspace',
    )
    expect(await refusals(asked.key)).toMatchObject([
      {
        target: 'budget',
        actor: 'process:worker',
        process: 'keyring',
        detail: { reason: '0 keys a minute' },
      },
    ])
    expect(await refusals(other.key)).toEqual([])
    const installation = '/v1/installation/audit'
    await eventually(
      async () => ((await refusals(api.operatorKey, installation)).length > 0 ? true : undefined),
      'it is in the log of the installation',
    )
    expect(await refusals(api.operatorKey, installation)).toMatchObject([
      { target: 'access', actor: 'process:smtp', detail: { reason: 'openContentKeys' } },
    ])
    expect((await api.call(asked.key, 'GET', installation)).status).toBe(403)
    // Committed later than those above, with an earlier time and an earlier number.
    await api.database.pool('superuser').query(
      `insert into keyring.refusal_log (id, at, instance, process, workspace_id, kind, detail) overriding system value
       values (-1, now() - interval '20 minutes', gen_random_uuid(), 'api', $1, 'budget', 'late')`,
      [asked.uuid],
    )
    await eventually(
      async () => ((await refusals(asked.key)).length > 1 ? true : undefined),
      'what came late is in the log',
    )
    await audit.settle()
    expect(await refusals(asked.key)).toHaveLength(2)
    const ready: unknown = await (await fetch(`${api.url}/readyz`)).json()
    expect(ready).toMatchObject({
      warnings: [
        expect.stringContaining('audit: no process is ready'),
        expect.stringContaining('staff: no process is ready'),
        expect.stringContaining('keyring refused requests of api over budget in one minute of the last hour'),
        expect.stringContaining('keyring refused requests of smtp outside what it may ask'),
        expect.stringContaining('keyring refused requests of worker over budget'),
      ],
    })
    expect(JSON.stringify(ready)).not.toContain(asked.uuid)
  })

  it('is there for a contained workspace too, once a minute', async () => {
    await using audit = startAudit(api.database, { signer: api.keyring('audit') })
    const workspace = await sendingWorkspace(api)
    const wish = { capabilities: ['deliver'], reason: 'We look into it.' }
    await api.call(workspace.key, 'POST', '/v1/containments', wish)
    const sender = api.keyring('sender')
    await eventually(
      () =>
        sender.openContentKeys(workspace.uuid, [randomUUID()], 'test').then(
          () => undefined,
          () => true,
        ),
      'the keyring refuses',
    )
    await expect(sender.openContentKeys(workspace.uuid, [randomUUID()], 'test')).rejects.toThrow(/contained/)
    await eventually(
      async () => ((await refusals(workspace.key)).length > 0 ? true : undefined),
      'it is in the log',
    )
    await audit.settle()
    expect(await refusals(workspace.key)).toMatchObject([
      {
        target: 'contained',
        actor: 'process:sender',
        detail: { reason: expect.stringContaining('deliver by ') },
      },
    ])
  })
})
