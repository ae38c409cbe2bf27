import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { addresses, waiting, balanced, queueWorld } from './queue-world.ts'

let api: ApiFixture
let audit: ReturnType<typeof startAudit>
let at: TestWorkspace

beforeAll(async () => {
  api = await startApi()
  audit = startAudit(api.database)
})
afterAll(async () => {
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const { startWorker, batch, rowsOf, heldIn, act, look, undo, cancel, inState } = queueWorld(() => api)

/** Batches until some of it is held. */
const begun = () =>
  eventually(async () => {
    await batch(10)
    return (await heldIn(at)) > 0 ? true : undefined
  }, 'some are held')

describe('an act as a job', () => {
  it('tells how far it is, stops where it is when it is cancelled, and is undone from there', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(40))
    const { id } = await act(at, 'hold')
    expect(await look(at, id)).toMatchObject({ isAtWork: true, canCancel: true, done: 0, total: 40 })
    await begun()
    const held = await heldIn(at)
    expect(held).toBeLessThan(40)
    const stopped = await cancel(at, id)
    expect(stopped.status, stopped.text).toBe(200)
    expect(stopped.body).toMatchObject({
      state: 'standing',
      outcome: 'cancelled',
      isAtWork: false,
      canCancel: false,
      canUndo: true,
      taken: held,
      result: `${held} recipients held. It was cancelled there.`,
    })
    expect(stopped.body.cancelledAt).not.toBeNull()
    expect((await cancel(at, id)).status).toBe(409)
    await using _worker = startWorker()
    await undo(at, id)
    expect(await inState(at, id, 'ended')).toMatchObject({ outcome: 'undone', givenBack: held })
    expect(await heldIn(at)).toBe(0)
    await balanced(at)
  })

  it('ends nobody any more once an expire is cancelled, and keeps what was ended', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(30))
    const { id } = await act(at, 'expire', {}, { graceSeconds: 0 })
    await eventually(async () => {
      const seen = await look(at, id)
      if (seen.state === 'ending' && seen.expired > 0) return true
      await batch(10)
      return undefined
    }, 'some have ended')
    const { expired } = await look(at, id)
    expect(expired).toBeLessThan(30)
    expect((await cancel(at, id)).body).toMatchObject({ state: 'standing', graceUntil: null, canUndo: true })
    await using _worker = startWorker()
    await undo(at, id)
    expect(await inState(at, id, 'ended')).toMatchObject({ outcome: 'undone', expired })
    expect(await rowsOf(at)).toHaveLength(30 - expired)
    await balanced(at)
  })

  it('lets what was not taken back yet be asked for again', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(30))
    const hold = await act(at, 'hold')
    let release: string
    {
      await using _worker = startWorker()
      await inState(at, hold.id, 'standing')
      release = (await act(at, 'release')).id
      await inState(at, release, 'ended')
    }
    const back = (await undo(at, release)).body.id
    await begun()
    expect((await cancel(at, back)).body).toMatchObject({ outcome: 'cancelled', undoes: release })
    const held = await heldIn(at)
    expect(held).toBeLessThan(30)
    expect(await look(at, release)).toMatchObject({ canUndo: true, undoneBy: null })
    await using _worker = startWorker()
    await inState(at, (await undo(at, release)).body.id, 'standing')
    expect(await heldIn(at)).toBe(30)
    await balanced(at)
  })

  it('is cancelled by whoever may end it, and a pause is resumed instead', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(3))
    const pause = await act(at, 'pause', { lanes: ['bulk'] })
    const refused = await cancel(at, pause.id)
    expect(refused.status).toBe(409)
    expect(refused.body.detail).toContain('resume it instead')
    const theirs = await act(null, 'hold', {}, { workspaceId: at.id })
    expect((await cancel(at, theirs.id)).status).toBe(409)
    expect((await cancel(await sendingWorkspace(api), theirs.id)).status).toBe(404)
    expect(
      (await api.call(api.operatorKey, 'POST', `/v1/installation/queue/acts/${theirs.id}/cancel`)).body,
    ).toMatchObject({ outcome: 'cancelled', canCancel: false })
  })
})

describe('what waits', () => {
  it('is told by lane, site, pool, state and who holds it, with the oldest and why', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(5))
    await waiting(at, addresses(2, 'example.org'), { tags: ['stop'] })
    await using _worker = startWorker()
    const { id } = await act(at, 'hold', { tags: ['stop'] })
    await inState(at, id, 'standing')
    const { body } = await api.call(at.key, 'GET', '/v1/queue')
    expect(body).toMatchObject({ complete: true, rest: { lines: 0, recipients: 0 } })
    expect(body.lines).toHaveLength(2)
    expect(body.lines[0]).toMatchObject({
      lane: 'bulk',
      pool: 'default',
      state: 'scheduled',
      recipients: 5,
      heldBy: null,
      why: 'Its time has not come yet.',
    })
    expect(body.lines[1]).toMatchObject({
      state: 'held',
      recipients: 2,
      heldBy: { actId: id, kind: 'hold', by: 'workspace', reason: 'a drill' },
      why: 'Held by the workspace: a drill',
    })
    expect(Date.now() - Date.parse(body.lines[0].oldestAcceptedAt)).toBeLessThan(60_000)
    const of = async (query: string) =>
      (await api.call(at.key, 'GET', `/v1/queue?${query}`)).body.lines.length
    expect(await of('state=held')).toBe(1)
    expect(await of('lane=critical')).toBe(0)
    expect(await of('pool=elsewhere')).toBe(0)
    const whole = (await api.call(api.operatorKey, 'GET', `/v1/installation/queue?workspaceId=${at.id}`)).body
    expect(whole.lines).toHaveLength(2)
  })

  it('names examples without addresses, and says of names that nobody knows', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(7))
    const shown = await api.call(at.key, 'POST', '/v1/queue/preview', { act: 'hold', filter: {} })
    expect(shown.body.examples).toHaveLength(5)
    expect(shown.body.examples[0]).toMatchObject({ workspaceId: at.id, lane: 'bulk', state: 'scheduled' })
    expect(shown.text).not.toContain('@')
    const pause = (filter: Record<string, unknown>) =>
      api.call(at.key, 'POST', '/v1/queue/preview', { act: 'pause', filter })
    expect((await pause({ providers: ['gogle'] })).body.notes[0]).toBe(
      'No rule and no site knows a provider "gogle": this names nothing that is known. Did you mean google?',
    )
    expect((await pause({ sites: ['mx.nowhere.test'] })).body.notes[0]).toContain(
      'names nothing that is known',
    )
    expect((await pause({ providers: ['google'] })).body.notes.join(' ')).not.toContain('known')
  })
})
