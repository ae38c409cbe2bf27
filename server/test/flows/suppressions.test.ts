import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { startSuppressionUpkeep } from '../../src/modules/suppressions/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { seal } from '../../src/platform/sealing/index.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const newId = createIdGenerator()
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()

interface Own {
  readonly id: string
  readonly uuid: string
  call(method: string, path: string, body?: unknown): Promise<Answer>
  /** The states of a message's recipients, in order. */
  send(lane: string, ...to: string[]): Promise<string[]>
}

async function aWorkspace(): Promise<Own> {
  const { id, key } = await api.workspace()
  const call: Own['call'] = (method, path, body) => api.call(key, method, path, body)
  await call('POST', '/v1/domains', { name: 'shop.test' })
  return {
    id,
    uuid: decodeId('workspace', id) ?? '',
    call,
    async send(lane, ...to) {
      const { body } = await call('POST', '/v1/messages', {
        from: 'a@shop.test',
        to,
        subject: 'x',
        text: 'x',
        lane,
      })
      return body.recipients.map(({ state }: { state: string }) => state)
    },
  }
}

/** What the functions for bounces, complaints and unsubscribes call; no process may. */
async function report(
  own: Own,
  email: string,
  reason: string,
  evidence: Record<string, unknown>,
): Promise<number> {
  const keyring = api.keyring('api')
  const [blind] = await keyring.blindAddresses(own.uuid, [email])
  const id = newId()
  const place = { workspaceId: own.uuid, table: 'suppression', column: 'address', rowId: id }
  const address = seal(await keyring.contentKey(own.uuid), place, Buffer.from(email))
  const { rows } = await api.database
    .pool('superuser')
    .query<{ n: number }>('select engine.suppress_with($1, $2, $3, $4, $5, $6, $7) as n', [
      [id],
      [own.uuid],
      [blind?.index],
      [address],
      [reason],
      [null],
      [JSON.stringify(evidence)],
    ])
  return rows[0]?.n ?? -1
}

async function entryOf(own: Own, email: string) {
  return (await own.call('GET', `/v1/suppressions?email=${encodeURIComponent(email)}`)).body.data[0]
}

/** Makes the ends of entries pass, and lets the worker do its round. */
async function timePasses(own: Own): Promise<void> {
  await api.database
    .pool('superuser')
    .query(
      `update suppression set expires_at = now() - interval '1 second' where workspace_id = $1 and expires_at is not null`,
      [own.uuid],
    )
}
async function workerRound(): Promise<void> {
  const stop = new AbortController()
  const pool = api.database.pool('bulkhead_worker')
  const log = createLogger({ name: 'worker', level: 'error' })
  const round = startSuppressionUpkeep({ pool, log, signal: stop.signal })
  stop.abort()
  await round
}

describe('a suppression', () => {
  it('of bulk mail stops bulk mail and lets a reset through; an unsubscribe is one unless said otherwise', async () => {
    const own = await aWorkspace()
    const made = await own.call('POST', '/v1/suppressions', { email: 'ann@x.test', reason: 'unsubscribe' })
    expect(made.body).toMatchObject({ scope: 'bulk', expiresAt: null, importId: null })
    await own.call('POST', '/v1/suppressions', { email: 'bob@x.test', reason: 'complaint' })
    expect(await own.send('bulk', 'ann@x.test', 'bob@x.test')).toEqual(['suppressed', 'suppressed'])
    expect(await own.send('transactional', 'ann@x.test', 'bob@x.test')).toEqual(['pending', 'suppressed'])
  })

  it('is changed by people: what it stops, until when, and its note', async () => {
    const own = await aWorkspace()
    const { body } = await own.call('POST', '/v1/suppressions', { email: 'ann@x.test', note: 'first' })
    const path = `/v1/suppressions/${body.id}`
    const until = inDays(30)
    const changed = await own.call('PATCH', path, { scope: 'bulk', expiresAt: until, note: 'second' })
    expect(changed.body).toMatchObject({ scope: 'bulk', expiresAt: until, note: 'second', reason: 'manual' })
    expect(await own.send('critical', 'ann@x.test')).toEqual(['pending'])
    expect((await own.call('PATCH', path, { expiresAt: null, note: null })).body).toMatchObject({
      expiresAt: null,
      note: null,
      scope: 'bulk',
    })
    expect((await own.call('PATCH', path, {})).status).toBe(400)
    expect((await own.call('PATCH', path, { expiresAt: '2020-01-01T00:00:00Z' })).body.errors[0].field).toBe(
      'expiresAt',
    )
    expect((await (await aWorkspace()).call('PATCH', path, { note: 'x' })).status).toBe(404)
  })

  it('that ends stops nothing from then on, and is gone with the next round of the worker', async () => {
    const own = await aWorkspace()
    await own.call('POST', '/v1/suppressions', { email: 'ann@x.test', expiresAt: inDays(1) })
    expect(await own.send('bulk', 'ann@x.test')).toEqual(['suppressed'])
    await timePasses(own)
    expect(await own.send('bulk', 'ann@x.test')).toEqual(['pending'])
    await workerRound()
    expect(await entryOf(own, 'ann@x.test')).toBeUndefined()
  })

  it('never lets through what another had stopped', async () => {
    const own = await aWorkspace()
    const add = (email: string, more: Record<string, unknown>) =>
      own.call('POST', '/v1/suppressions', { email, ...more })
    // For good and for all: nothing less changes it.
    await add('a@x.test', { note: 'first' })
    expect((await add('a@x.test', { reason: 'unsubscribe', expiresAt: inDays(1) })).body).toMatchObject({
      scope: 'all',
      expiresAt: null,
      note: 'first',
    })
    // Bulk for good, then all for a day: afterwards bulk mail is stopped still.
    await add('b@x.test', { reason: 'unsubscribe' })
    expect((await add('b@x.test', { expiresAt: inDays(1) })).body.scope).toBe('all')
    // All for a day, then an unsubscribe: the same.
    await add('c@x.test', { expiresAt: inDays(1) })
    expect(await report(own, 'c@x.test', 'unsubscribe', { how: 'click' })).toBe(1)
    expect(await own.send('critical', 'b@x.test', 'c@x.test')).toEqual(['suppressed', 'suppressed'])
    const explained = (await own.call('GET', '/v1/suppressions/explain?email=c%40x.test')).body
    expect(explained.afterwards).toContain('Bulk mail')
    await timePasses(own)
    await workerRound()
    expect(await own.send('critical', 'b@x.test', 'c@x.test')).toEqual(['pending', 'pending'])
    expect(await own.send('bulk', 'b@x.test', 'c@x.test')).toEqual(['suppressed', 'suppressed'])
    // A day, then longer, then for good.
    await add('d@x.test', { expiresAt: inDays(2) })
    expect((await add('d@x.test', { expiresAt: inDays(1) })).body.expiresAt > inDays(1.5)).toBe(true)
    expect((await add('d@x.test', {})).body.expiresAt).toBeNull()
  })

  it('for all mail takes the place of one for bulk mail, with the evidence of both, whoever reports it', async () => {
    const own = await aWorkspace()
    expect(await report(own, 'ann@x.test', 'unsubscribe', { how: 'one-click' })).toBe(1)
    expect(await report(own, 'ann@x.test', 'complaint', { feedback: 'abuse' })).toBe(1)
    expect(await report(own, 'ann@x.test', 'hard_bounce', { code: 550 })).toBe(0)
    expect(await report(own, 'ann@x.test', 'unsubscribe', {})).toBe(0)
    expect(await entryOf(own, 'ann@x.test')).toMatchObject({
      email: 'ann@x.test',
      reason: 'complaint',
      scope: 'all',
      evidence: { feedback: 'abuse', before: { reason: 'unsubscribe', evidence: { how: 'one-click' } } },
    })
  })

  it('that somebody asked for is written though the workspace is cut off; what a member writes is not', async () => {
    const own = await aWorkspace()
    const contained = await own.call('POST', '/v1/containments', {
      capabilities: ['write'],
      reason: 'a drill',
      hours: 1,
    })
    expect([contained.status < 300, contained.text]).toEqual([true, contained.text])
    expect((await own.call('POST', '/v1/suppressions', { email: 'x@x.test' })).status).toBe(423)
    expect(await report(own, 'leaver@x.test', 'unsubscribe', {})).toBe(1)
    expect((await own.call('DELETE', '/v1/suppressions?email=bulkhead_api%40x.test')).status).toBe(423)
  })
})

describe('an explanation', () => {
  it('says why, what is stopped, until when, and what to do', async () => {
    const own = await aWorkspace()
    await report(own, 'gone@x.test', 'hard_bounce', {
      code: 550,
      enhanced: '5.1.1',
      reply: 'No such user.',
    })
    const { body } = await own.call('GET', '/v1/suppressions/explain?email=GONE%40x.test')
    expect(body).toMatchObject({
      suppressed: true,
      why: expect.stringContaining('The other side said: 550 5.1.1 No such user.'),
      stops: ['critical', 'transactional', 'bulk', 'internal'],
      until: null,
      suppression: { reason: 'hard_bounce', evidence: { code: 550 } },
    })
    expect(body.whatToDo.join(' ')).toContain('bulkhead suppressions remove')
    const other = await (await aWorkspace()).call('GET', '/v1/suppressions/explain?email=gone%40x.test')
    expect(other.body).toMatchObject({ suppressed: false, stops: [], suppression: null })
  })
})

const start = async (own: Own, more: Record<string, unknown> = {}): Promise<string> =>
  (await own.call('POST', '/v1/suppression-imports', { format: 'csv', ...more })).body.id
const lines = (own: Own, id: string, fromLine: number, text: string, isLast = true) =>
  own.call('POST', `/v1/suppression-imports/${id}/lines`, { fromLine, text, isLast })

/** What an import counted. */
const counts = ({ body }: Answer) => {
  const { added, widened, unchanged, refused } = body.import
  return { added, widened, unchanged, refused }
}

describe('an import', () => {
  it('takes what is good, counts it, and tells of every line that is not, without what it held', async () => {
    const own = await aWorkspace()
    await own.call('POST', '/v1/suppressions', { email: 'old@x.test' })
    await own.call('POST', '/v1/suppressions', { email: 'wider@x.test', reason: 'unsubscribe' })
    const id = await start(own, { reason: 'complaint' })
    const text = [
      'email,reason,scope,note',
      'a@x.test,unsubscribe,,by phone',
      'A@X.test,,,',
      'old@x.test,,,',
      'wider@x.test,,,',
      'private text,,,',
      'b@x.test,hard_bounce,bulk,',
    ].join('\n')
    const { body } = await lines(own, id, 1, text)
    expect(body.import).toMatchObject({
      state: 'done',
      entries: 6,
      added: 2,
      widened: 1,
      unchanged: 2,
      refused: 1,
    })
    expect(await entryOf(own, 'a@x.test')).toMatchObject({ reason: 'complaint', scope: 'all', importId: id })
    expect(await entryOf(own, 'b@x.test')).toMatchObject({ reason: 'hard_bounce', scope: 'bulk' })
    expect(await entryOf(own, 'wider@x.test')).toMatchObject({ reason: 'complaint', scope: 'all' })
    const refusals = await own.call('GET', `/v1/suppression-imports/${id}/refusals`)
    expect(refusals.body).toEqual({
      data: [{ line: 6, problem: expect.stringContaining('the address') }],
      nextCursor: null,
    })
    const { rows } = await api.database.pool('superuser').query<{ text: string }>(
      `select (select string_agg(row_to_json(i)::text, ' ') from suppression_import i)
             || (select string_agg(row_to_json(r)::text, ' ') from suppression_refusal r)
             || (select string_agg(detail::text, ' ') from audit_outbox) as text`,
    )
    expect(rows[0]?.text).not.toMatch(/x\.test|private|phone/)
    expect((await lines(own, id, body.import.nextLine, 'c@x.test\n')).status).toBe(409)
  })

  it('takes each line once, though parts are sent twice and at the same time', async () => {
    const own = await aWorkspace()
    const id = await start(own)
    const part = Array.from({ length: 50 }, (_, at) => `p${at}@x.test\n`).join('')
    const answers = await Promise.all([1, 2, 3, 4].map(() => lines(own, id, 1, part, false)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409])
    const again = await lines(own, id, 1, part, false)
    expect(again.body).toMatchObject({ code: 'conflict', detail: expect.stringContaining('line 51') })
    const done = await lines(own, id, 51, 'q@x.test')
    expect(done.body.import).toMatchObject({ state: 'done', entries: 51, added: 51, unchanged: 0 })
  })

  it('that is a dry run counts the same and suppresses nothing', async () => {
    const own = await aWorkspace()
    await own.call('POST', '/v1/suppressions', { email: 'old@x.test', expiresAt: inDays(1) })
    const text = 'old@x.test\nnew@x.test\nnew@x.test\nbad\n'
    const dry = await lines(own, await start(own, { dryRun: true }), 1, text)
    expect(await entryOf(own, 'new@x.test')).toBeUndefined()
    const real = await lines(own, await start(own), 1, text)
    expect(counts(dry)).toEqual({ added: 1, widened: 1, unchanged: 1, refused: 1 })
    expect(counts(real)).toEqual(counts(dry))
  })

  it('is cancelled, belongs to its workspace, and refuses what is no list', async () => {
    const own = await aWorkspace()
    const id = await start(own)
    const other = await aWorkspace()
    expect((await lines(other, id, 1, 'a@x.test\n')).status).toBe(404)
    expect((await other.call('GET', `/v1/suppression-imports/${id}`)).status).toBe(404)
    expect((await lines(own, id, 1, 'name,phone\nAnn,1\n')).body.errors[0]).toMatchObject({ field: 'text' })
    expect((await own.call('POST', `/v1/suppression-imports/${id}/cancel`)).body.state).toBe('cancelled')
    expect((await own.call('POST', `/v1/suppression-imports/${id}/cancel`)).status).toBe(409)
    expect((await lines(own, id, 1, 'a@x.test\n')).status).toBe(409)
  })

  it('of many lines goes part by part, and an export of it reads back as it was', async () => {
    const own = await aWorkspace()
    const count = 12_000
    const id = await start(own, { reason: 'unsubscribe' })
    let rest = Array.from({ length: count }, (_, at) => `person${at}@x.test\n`).join('')
    let next = 1
    for (let state = 'open'; state === 'open';) {
      const { body } = await lines(own, id, next, rest)
      rest = rest.slice(body.charsTaken)
      ;({ state, nextLine: next } = body.import)
    }
    const entries: string[] = []
    let cursor = ''
    do {
      const { text } = await own.call('GET', `/v1/suppressions/export?limit=5000${cursor}`)
      const part = text.trimEnd().split('\n')
      const end = JSON.parse(part.pop() ?? '{}')
      expect(end).toMatchObject({ type: 'end', entries: part.length, erased: 0 })
      entries.push(...part)
      cursor = end.next === null ? '' : `&cursor=${end.next}`
    } while (cursor !== '')
    expect(new Set(entries.map((line) => JSON.parse(line).email)).size).toBe(count)
    const copy = await aWorkspace()
    const back = await lines(
      copy,
      await start(copy, { format: 'jsonl' }),
      1,
      `${entries.slice(0, 500).join('\n')}\n`,
    )
    expect(back.body.import).toMatchObject({ added: 500, refused: 0 })
    const shown = JSON.parse(entries[0] ?? '{}')
    expect(await entryOf(copy, shown.email)).toMatchObject({ reason: 'unsubscribe', scope: 'bulk' })
  })
})

describe('the list', () => {
  it('is narrowed by scope, reason and time', async () => {
    const own = await aWorkspace()
    await own.call('POST', '/v1/suppressions', { email: 'a@x.test', reason: 'unsubscribe' })
    await own.call('POST', '/v1/suppressions', { email: 'b@x.test' })
    const found = async (query: string) =>
      (await own.call('GET', `/v1/suppressions?${query}`)).body.data.map(
        ({ email }: { email: string }) => email,
      )
    expect(await found('scope=bulk')).toEqual(['a@x.test'])
    expect(await found('reason=manual')).toEqual(['b@x.test'])
    expect(await found(`since=${encodeURIComponent(inDays(-1))}`)).toEqual(['b@x.test', 'a@x.test'])
    expect(await found(`since=${encodeURIComponent(inDays(1))}`)).toEqual([])
  })
})
