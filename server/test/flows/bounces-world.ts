import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { startReportUpkeep } from '../../src/modules/bounces/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import { deliveredMessage, startInbound } from './inbound-fixture.ts'

interface Event {
  readonly type: string
  readonly number: number | null
  readonly detail: Record<string, unknown>
}

export type BouncesWorld = Awaited<ReturnType<typeof startBouncesWorld>>

/** The API, the listener for mail from outside and the worker's part of reports, with what tests of them ask again and again. */
export async function startBouncesWorld() {
  const api = await startApi()
  const audit = startAudit(api.database)
  const inbound = await startInbound(api)
  const stop = new AbortController()
  const upkeep = startReportUpkeep({
    pool: api.database.pool('bulkhead_worker'),
    keyring: api.keyring('worker'),
    log: createLogger({ name: 'worker', level: 'error' }),
    signal: stop.signal,
    newId: createIdGenerator(),
  })
  return {
    api,
    inbound,

    /** What was noted of a message after its outcome. */
    async eventsOf(messageId: string): Promise<Event[]> {
      const { rows } = await api.database
        .pool('superuser')
        .query<Event>('select type, number, detail from event where message_id = $1 order by id', [
          decodeId('message', messageId),
        ])
      return rows
    },

    reportsOf: async (key: string, messageId: string) =>
      (await api.call(key, 'GET', `/v1/bounces?messageId=${messageId}`)).body.data,

    suppressed: async (key: string): Promise<{ email: string; reason: string; evidence: unknown }[]> =>
      (await api.call(key, 'GET', '/v1/suppressions')).body.data,

    quarantine: async () => (await api.call(api.operatorKey, 'GET', '/v1/quarantine?limit=100')).body.data,

    /** A message of a fresh workspace that the other side has taken. */
    async sent(to: readonly string[] = ['ann@there.example']) {
      const { key } = await api.workspace()
      return { key, messageId: await deliveredMessage(api, key, to) }
    },

    async [Symbol.asyncDispose]() {
      stop.abort()
      await upkeep
      await inbound[Symbol.asyncDispose]()
      await audit[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}
