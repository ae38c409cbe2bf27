import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sink } from '../../../bench/sink.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

interface Streamed {
  readonly id: string
  readonly event: string
  readonly data: { readonly id: string; readonly messageId: string; readonly recipient: number | null }
}

let api: ApiFixture
let engine: Engine
let sink: Sink & AsyncDisposable
let workspace: TestWorkspace
let other: TestWorkspace

beforeAll(async () => {
  api = await startApi()
  sink = await startTestSink()
  workspace = await sendingWorkspace(api)
  other = await sendingWorkspace(api)
  engine = await startRelayingEngine(api, sink)
})
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  await sink.stop()
  await api[Symbol.asyncDispose]()
})

/** An open stream that collects its events. */
async function openStream(lastEventId?: string) {
  const stop = new AbortController()
  const response = await fetch(`${api.url}/v1/events/stream`, {
    signal: stop.signal,
    headers: {
      authorization: `Bearer ${workspace.key}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  })
  const events: Streamed[] = []
  const reading = (async () => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) {
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(part)?.[1]
        const [id, event, data] = [field('id'), field('event'), field('data')]
        if (id !== undefined && data !== undefined)
          events.push({ id, event: event ?? '', data: JSON.parse(data) })
      }
    }
  })().catch(() => undefined)
  return {
    status: response.status,
    events,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await reading
    },
  }
}

async function sendMany(count: number, from: TestWorkspace) {
  const messages = Array.from({ length: count }, (_, n) => ({
    from: from.from,
    to: `r${n}@there.example`,
    subject: 'x',
    text: 'x',
  }))
  const { body } = await api.call(from.key, 'POST', '/v1/messages/batch', { messages })
  return body.data.map(({ message }: { message: { id: string } }) => message.id)
}

const insert = (id: string) =>
  `insert into event (id, message_id, number, workspace_id, type) values ('${id}', '${id}', 1, '${workspace.uuid}', 'message.deferred')`
const keyOf = ({ event, data }: Streamed) => `${data.messageId} ${event} ${data.recipient}`

describe('the live stream', () => {
  it('gives every event once and in commit order while 1,000 messages flow, and resumes behind the last one seen', async () => {
    const seen: Streamed[] = []
    const ids: string[] = []
    await using first = await openStream()
    const sending = (async () => {
      for (let n = 0; n < 10; n++) ids.push(...(await sendMany(100, workspace)))
      await sendMany(20, other)
    })()
    await eventually(() => (first.events.length > 600 ? true : undefined), 'the first 600 events', 30_000)
    await first[Symbol.asyncDispose]()
    seen.push(...first.events)
    await using second = await openStream(seen.at(-1)?.id)
    await sending
    await eventually(
      () => (seen.length + second.events.length >= 2_000 ? true : undefined),
      'all 2,000 events',
      40_000,
    )
    // What would come twice would come within two looks of the stream.
    await new Promise((resolve) => setTimeout(resolve, 600))
    seen.push(...second.events)
    const expected = ids.flatMap((id) => [`${id} message.accepted null`, `${id} message.delivered 1`])
    expect(seen.map(keyOf).toSorted()).toEqual(expected.toSorted())
    const places = seen.map(({ id }) => BigInt(id.split('.')[0] ?? 0))
    expect(places.every((place, at) => at === 0 || place >= (places[at - 1] ?? 0n))).toBe(true)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(2_000)
  }, 90_000)

  it('passes over no event of a transaction that commits late', async () => {
    await using stream = await openStream()
    const root = api.database.pool('superuser')
    const late = await root.connect()
    const ids = (
      await root.query<{ a: string; b: string }>('select uuidv7()::text as a, uuidv7()::text as b')
    ).rows[0]
    await late.query(`begin; ${insert(ids?.a ?? '')}`)
    await root.query(insert(ids?.b ?? ''))
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(stream.events).toEqual([])
    await late.query('commit')
    late.release()
    await eventually(() => (stream.events.length === 2 ? true : undefined), 'both events')
  })

  it('can be pulled by cursor as well, without a gap or a repetition', async () => {
    const seen: string[] = []
    let cursor: string | null = null
    for (;;) {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { body } = await api.call(workspace.key, 'GET', `/v1/events?limit=500${query}`)
      if (body.data.length === 0) break
      seen.push(
        ...body.data.map(({ id, type, messageId }: Record<string, string>) => `${messageId} ${id} ${type}`),
      )
      cursor = body.nextCursor
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((key) => key.endsWith('message.delivered'))).toHaveLength(1_000)
  })

  it.each(['nonsense', '1.2', '99999999999999999999.00000000-0000-0000-0000-000000000000', "0.' or 1=1"])(
    'refuses a position that is none: %s',
    async (position) => {
      const stream = await openStream(position)
      expect(stream.status).toBe(400)
      await stream[Symbol.asyncDispose]()
      expect(
        (await api.call(workspace.key, 'GET', `/v1/events?cursor=${encodeURIComponent(position)}`)).status,
      ).toBe(400)
    },
  )
})
