import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeyringContained, createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import type { KeyringClient } from '../../src/platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startTestEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
})

/** Two workspaces whose mail waits, so that one claim takes both. */
async function twoWithMail() {
  const [first, second] = [await sendingWorkspace(api), await sendingWorkspace(api)]
  const mail = { to: 'bob@example.com', lane: 'transactional' }
  const sent = new Map<TestWorkspace, string[]>([
    [first, []],
    [second, []],
  ])
  for (let at = 0; at < 4; at++)
    for (const workspace of [first, second]) sent.get(workspace)?.push(await workspace.send(mail))
  return { first, second, of: (workspace: TestWorkspace) => sent.get(workspace) ?? [] }
}

/** The real keyring, with a look at what is opened for whom and a moment before it answers. */
function watched(
  keyring: KeyringClient,
  before: (op: 'open' | 'sign') => Promise<void>,
): { readonly keyring: KeyringClient; readonly opened: string[] } {
  const opened: string[] = []
  return {
    opened,
    keyring: {
      ...keyring,
      async openContentKeys(workspaceId, keyIds, reason) {
        opened.push(workspaceId)
        await before('open')
        return keyring.openContentKeys(workspaceId, keyIds, reason)
      },
      async sign(items, options) {
        await before('sign')
        return keyring.sign(items, options)
      },
    },
  }
}

async function isRefused(keyring: KeyringClient, workspace: TestWorkspace): Promise<boolean> {
  const unknown = '0198c000-0000-7000-8000-000000000000'
  return keyring.openContentKeys(workspace.uuid, [unknown], 'test').then(
    () => false,
    (error: unknown) => error instanceof KeyringContained,
  )
}

describe('what the keyring refuses the sender for one workspace', () => {
  it.each(['open', 'sign'] as const)(
    'holds that mail alone where it is contained before the engine has heard of it (%s)',
    async (moment) => {
      await using sink = await startTestSink()
      const { first: contained, second: open, of } = await twoWithMail()
      const { body: other } = await api.call(contained.key, 'POST', '/v1/api-keys', { name: 'second' })
      const real = api.keyring('sender')
      let containing: Promise<string> | undefined
      const containOnce = async (): Promise<string> => {
        const wish = { capabilities: ['deliver'], reason: 'We look into it.' }
        const made = await api.call(contained.key, 'POST', '/v1/containments', wish)
        await eventually(async () => ((await isRefused(real, contained)) ? true : undefined), 'a refusal')
        return made.body.id
      }
      const view = watched(real, async (op) => {
        if (op === moment) await (containing ??= containOnce())
      })
      await using engine = await startTestEngine({
        pool: api.database.pool('bulkhead_sender'),
        keyring: view.keyring,
        outbound: { kind: 'relay', host: '127.0.0.1', port: sink.port, implicitTls: false, auth: undefined },
        containment: { blocking: () => null },
      })
      for (const id of of(open))
        expect((await open.ended(id)).recipients[0]).toMatchObject({ state: 'delivered', attempts: 1 })
      // Once: nothing of the open workspace was given back with the contained one's.
      expect(view.opened.filter((id) => id === open.uuid)).toHaveLength(1)
      await eventually(
        () => (Object.values(engine.state()['held'] ?? {}).every((n) => n === 0) ? true : undefined),
        'the contained rows are given back',
      )
      for (const id of of(contained)) {
        const message = await contained.get(id)
        expect(message.recipients[0]).toMatchObject({ state: 'pending', attempts: 0 })
        expect(message.timeline.map((event: { type: string }) => event.type)).not.toContain(
          'message.deferred',
        )
      }
      expect((await api.call(contained.key, 'GET', '/v1/queue')).text).toContain('contained')
      const id = await containing
      await api.call(contained.key, 'POST', `/v1/containments/${id}/request-lift`, { reason: 'over' })
      await api.call(other.key, 'POST', `/v1/containments/${id}/lift`, { reason: 'over' })
      for (const message of of(contained))
        expect((await contained.ended(message)).recipients[0]).toMatchObject({
          state: 'delivered',
          attempts: 1,
        })
    },
  )

  it('holds that mail alone where a budget ran out', async () => {
    await using sink = await startTestSink()
    await using keyringProcess = await makeTestKeyring({
      databaseUrl: api.database.url.bulkhead_keyring,
      rootPath: api.keyringRoot,
      env: { BULKHEAD_KEYRING_BUDGETS: JSON.stringify({ sender: { workspacesPerHour: 1 } }) },
    })
    await api.database.pool('superuser').query('delete from keyring.unwrap_log')
    await keyringProcess.start()
    const log = createLogger({ name: 'test', level: 'error' })
    await using keyring = createKeyringClient({
      socketPath: keyringProcess.socketPath,
      token: TEST_TOKENS.sender,
      log,
    })
    const { first, second, of } = await twoWithMail()
    const view = watched(keyring, () => Promise.resolve())
    await using engine = await startTestEngine({
      pool: api.database.pool('bulkhead_sender'),
      keyring: view.keyring,
      outbound: { kind: 'relay', host: '127.0.0.1', port: sink.port, implicitTls: false, auth: undefined },
    })
    expect(engine.state()).toBeDefined()
    const served = await eventually(async () => {
      for (const workspace of [first, second])
        if ((await workspace.ledger()).delivered === 4) return workspace
      return undefined
    }, 'one of them is served')
    const waiting = served === first ? second : first
    expect(view.opened.filter((id) => id === served.uuid)).toHaveLength(1)
    // Later, without an attempt.
    for (const id of of(waiting))
      expect((await waiting.get(id)).recipients[0]).toMatchObject({ state: 'scheduled', attempts: 0 })
  })
})
