import { expect } from 'vitest'
import { startQueueActs } from '../../src/modules/queue/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

export const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString()
export const waiting = (
  workspace: TestWorkspace,
  to: readonly string[],
  more: Record<string, unknown> = {},
) => workspace.send({ to, lane: 'bulk', sendAt: tomorrow(), ...more })
export const addresses = (count: number, host = 'example.com') =>
  Array.from({ length: count }, (_, n) => `a${n}@${host}`)

export async function balanced(workspace: TestWorkspace): Promise<void> {
  expect(await workspace.ledger()).toMatchObject({ balanced: true, lost: 0, doubled: 0 })
}

export const eventsOf = async (workspace: TestWorkspace, messageId: string) =>
  (await workspace.get(messageId)).timeline.map((event: { type: string }) => event.type)

/** What tests of acts on the queue do with the API and with a worker. */
export function queueWorld(api: () => ApiFixture) {
  /** Runs acts as the worker process does. */
  function startWorker(): AsyncDisposable {
    const stop = new AbortController()
    const running = startQueueActs({
      pool: api().database.pool('bulkhead_worker'),
      log: createLogger({ name: 'acts', level: 'error' }),
      signal: stop.signal,
    })
    return {
      async [Symbol.asyncDispose]() {
        stop.abort()
        await running
      },
    }
  }

  /** One batch of the act that is due, as a worker does it. */
  const batch = async (rows: number) =>
    (
      await api()
        .database.pool('bulkhead_worker')
        .query<{ act_id: string; rows: number; step: string }>(
          'select * from engine.work_queue_acts($1, $1)',
          [rows],
        )
    ).rows[0]

  const rowsOf = async (workspace: TestWorkspace) =>
    (
      await api()
        .database.pool('superuser')
        .query(
          'select message_id, number, held, hold, due, attempts, lease from queue where workspace_id = $1 order by due, number',
          [workspace.uuid],
        )
    ).rows

  const heldIn = async (workspace: TestWorkspace) =>
    (await rowsOf(workspace)).filter((row) => row['held']).length

  /** Previews and acts; answers the act. */
  async function act(
    workspace: TestWorkspace | null,
    kind: string,
    filter: Record<string, unknown> = {},
    more: Record<string, unknown> = {},
  ) {
    const [key, path] =
      workspace === null ? [api().operatorKey, '/v1/installation/queue'] : [workspace.key, '/v1/queue']
    const shown = await api().call(key, 'POST', `${path}/preview`, { act: kind, filter, ...more })
    if (shown.status !== 200) throw new Error(shown.text)
    const made = await api().call(key, 'POST', `${path}/acts`, {
      token: shown.body.token,
      expected: shown.body.expected,
      reason: 'a drill',
      ...(typeof more['workspaceId'] === 'string' ? { workspaceId: more['workspaceId'] } : {}),
    })
    if (made.status !== 202) throw new Error(made.text)
    return { ...made.body, preview: shown.body }
  }

  const look = async (workspace: TestWorkspace, id: string) =>
    (await api().call(workspace.key, 'GET', `/v1/queue/acts/${id}`)).body
  const undo = (workspace: TestWorkspace, id: string) =>
    api().call(workspace.key, 'POST', `/v1/queue/acts/${id}/undo`, { reason: 'enough' })
  const cancel = (workspace: TestWorkspace, id: string) =>
    api().call(workspace.key, 'POST', `/v1/queue/acts/${id}/cancel`)
  const inState = (workspace: TestWorkspace, id: string, ...states: string[]) =>
    eventually(
      async () => {
        const seen = await look(workspace, id)
        return states.includes(seen.state) ? seen : undefined
      },
      `${id} ${states.join(' or ')}`,
    )

  return { startWorker, batch, rowsOf, heldIn, act, look, undo, cancel, inState }
}
