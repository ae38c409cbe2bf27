import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { createIdGenerator } from '../../kernel/ids.ts'
import { createTenantTransactions } from '../../platform/postgres/tenant.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import {
  BUILT_IN,
  createOverlays,
  createOverlayStore,
  loadRules,
  type Observed,
  type OverlayPlace,
  type Overlays,
} from './index.ts'
import { liftOverlay, selectOverlays, type OverlayStore } from './overlay-store.ts'

const RULES = `
[provider.big]
match = [{ mx_suffix = "big.example" }]

[[automation]]
name = "greylisting"
match = 'greylist'
action = "ignore"

[[automation]]
name = "provider-wide"
provider = "big"
match = 'go away all'
action = "suspend-site"
at = "provider"

[[automation]]
name = "slow-down"
match = 'too many connections'
action = "set"
set = { connections = 2, message_rate = "10/min" }
duration = "10m"

[[automation]]
name = "rate"
enhanced = "4.7.*"
match = 'unusual rate'
threshold = { count = 3, within = "5m" }
action = "suspend-workspace"
duration = "1h"
reason = "the receiver limits the rate"
`
const SITE: OverlayPlace = { site: '(mx1|mx2).big.example', provider: 'big', source: null }
const MINUTE = 60_000
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'
const newId = createIdGenerator()
const log = createLogger({ name: 'test', level: 'error', write: () => undefined })

let database: TestDatabase
let store: OverlayStore
let nowMs = Date.now()
const open: Overlays[] = []
const workspaces: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  store = createOverlayStore(database.pool('bulkhead_sender'))
  for (let i = 0; i < 6; i++) {
    const { rows } = await database
      .pool('superuser')
      .query<{ id: string }>(`insert into workspace (id, name) values ($1, 'Test') returning id`, [newId()])
    workspaces.push(rows[0]!.id)
  }
})
afterEach(async () => {
  for (const overlays of open.splice(0)) await overlays[Symbol.asyncDispose]()
  await database.pool('superuser').query('truncate operations.shaping_overlay')
})
afterAll(() => database[Symbol.asyncDispose]())

function sender(options: { readonly store?: OverlayStore; readonly rules?: string } = {}): Overlays {
  const loaded = loadRules([{ name: 'test', text: options.rules ?? RULES }])
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const overlays = createOverlays({
    store: options.store ?? store,
    log,
    rules: () => loaded.rules,
    nowMs: () => nowMs,
    newId,
    refreshMs: 60_000,
  })
  open.push(overlays)
  return overlays
}

function reply(workspace: number, text: string, over: Partial<Observed> = {}): Observed {
  return {
    ...SITE,
    workspaceId: workspaces[workspace]!,
    lane: 'bulk',
    reply: { code: 421, enhanced: '4.7.28', text },
    stage: 'mail',
    class: 'policy',
    ...over,
  }
}

const suspended = (overlays: Overlays, workspace: number, over: Partial<OverlayPlace> = {}) =>
  overlays.suspension({ ...SITE, ...over, workspaceId: workspaces[workspace]! })

async function rows() {
  const { rows: found } = await database.pool('superuser').query<{
    id: string
    kind: string
    workspace_id: string | null
    hits: number
    evidence: { text: string }[]
  }>('select id, kind, workspace_id, hits, evidence from operations.shaping_overlay where ended_at is null order by id')
  return found
}

describe('overlays', () => {
  it('suspend the workspace at the site once the threshold is reached, and nobody else', async () => {
    const overlays = sender()
    overlays.observe(reply(0, 'unusual rate of mail from 192.0.2.1'))
    overlays.observe(reply(0, 'unusual rate of mail'))
    overlays.observe(reply(1, 'unusual rate of mail'))
    expect(suspended(overlays, 0)).toBeNull()
    overlays.observe(reply(0, 'unusual rate of mail'))
    expect(suspended(overlays, 0)).toMatchObject({
      untilMs: nowMs + 60 * MINUTE,
      reason: 'the receiver limits the rate',
    })
    expect(suspended(overlays, 1)).toBeNull()
    expect(suspended(overlays, 0, { site: 'mx.else.example', provider: null })).toBeNull()
    expect(suspended(overlays, 0, { source: 'ip1' })).toBeNull()
    await overlays.settle()
    expect(await rows()).toMatchObject([{ kind: 'suspend', workspace_id: workspaces[0], hits: 3 }])
  })

  it('suspend the site for all only when three workspaces were hit', async () => {
    const overlays = sender()
    for (let workspace = 0; workspace < 5; workspace++) suspended(overlays, workspace)
    for (const workspace of [0, 0, 0, 1]) overlays.observe(reply(workspace, 'unusual rate'))
    expect([0, 1, 2].map((each) => suspended(overlays, each) !== null)).toEqual([true, false, false])
    overlays.observe(reply(2, 'unusual rate'))
    expect([0, 1, 2, 3].map((each) => suspended(overlays, each) !== null)).toEqual([true, true, true, true])
    expect(overlays.suspensionsAt(SITE).map((each) => each.workspaceId)).toEqual([workspaces[0], null])
  })

  it('count workspaces that other senders saw suspended there', async () => {
    const [one, two] = [sender(), sender()]
    for (const workspace of [0, 0, 0]) one.observe(reply(workspace, 'unusual rate'))
    await one.settle()
    await two.settle()
    expect(suspended(two, 0)).not.toBeNull()
    for (const workspace of [1, 1, 2]) two.observe(reply(workspace, 'unusual rate'))
    expect(suspended(two, 3)).not.toBeNull()
  })

  it('keep one workspace that sends alone from stopping those who come later', () => {
    const overlays = sender()
    suspended(overlays, 0)
    for (let i = 0; i < 20; i++) overlays.observe(reply(0, 'unusual rate'))
    expect(suspended(overlays, 0)).not.toBeNull()
    expect(suspended(overlays, 1)).toBeNull()
  })

  it('take all who send there, of two and more, for the site', () => {
    const overlays = sender()
    suspended(overlays, 0)
    suspended(overlays, 1)
    for (const workspace of [0, 1, 0, 0, 1]) overlays.observe(reply(workspace, 'unusual rate'))
    expect(
      [0, 1, 5].map((each) =>
        overlays.suspensionsAt(SITE).some(({ workspaceId }) => workspaceId === workspaces[each]),
      ),
    ).toEqual([true, false, false])
    overlays.observe(reply(1, 'unusual rate'))
    expect(suspended(overlays, 5)).not.toBeNull()
  })

  it('ignore greylisting, whatever else the reply says', () => {
    const overlays = sender()
    for (let i = 0; i < 10; i++) overlays.observe(reply(0, 'Greylisted because of an unusual rate'))
    expect(suspended(overlays, 0)).toBeNull()
    expect(overlays.state()).toMatchObject({ overlays: 0, unwritten: 0 })
  })

  it('forget replies that are older than the window', () => {
    const overlays = sender()
    overlays.observe(reply(0, 'unusual rate'))
    overlays.observe(reply(0, 'unusual rate'))
    nowMs += 6 * MINUTE
    overlays.observe(reply(0, 'unusual rate'))
    expect(suspended(overlays, 0)).toBeNull()
  })

  it('end by themselves', async () => {
    const overlays = sender()
    for (let i = 0; i < 3; i++) overlays.observe(reply(0, 'unusual rate'))
    nowMs += 61 * MINUTE
    expect(suspended(overlays, 0)).toBeNull()
    nowMs -= 61 * MINUTE
  })

  it('set stricter limits for the site, never looser ones', () => {
    const overlays = sender()
    overlays.observe(reply(0, 'Too many connections, slow down'))
    expect(overlays.limits(SITE, BUILT_IN)).toMatchObject({
      connections: 2,
      messageRate: { count: 10, perSeconds: 60 },
    })
    expect(overlays.limits(SITE, { ...BUILT_IN, connections: 1 }).connections).toBe(1)
    expect(overlays.limits({ ...SITE, site: 'mx.else.example' }, BUILT_IN)).toEqual(BUILT_IN)
    expect(suspended(overlays, 0)).toBeNull()
  })

  it('hold for every site of a provider where the rule says so', () => {
    const overlays = sender()
    overlays.observe(reply(0, 'go away all of you'))
    expect(suspended(overlays, 3, { site: 'mx9.big.example' })).not.toBeNull()
    expect(suspended(overlays, 3, { site: 'mx9.big.example', provider: 'other' })).toBeNull()
  })

  it('carry at most ten replies, without addresses', async () => {
    const overlays = sender()
    for (let i = 0; i < 30; i++)
      overlays.observe(reply(0, `unusual rate ${i} for <ann@example.com> and bob@example.com, says mx`))
    await overlays.settle()
    for (let i = 30; i < 40; i++) overlays.observe(reply(0, `unusual rate ${i} to ann@example.com`))
    await overlays.settle()
    const [row] = await rows()
    expect(row?.evidence).toHaveLength(10)
    expect(row?.evidence.at(-1)?.text).toBe('unusual rate 39 to <address>')
    expect(JSON.stringify(row)).not.toContain('example.com')
  })

  it('are one row when two senders learn the same at once', async () => {
    const senders = Array.from({ length: 6 }, () => sender())
    for (const each of senders) for (let i = 0; i < 3; i++) each.observe(reply(0, 'unusual rate'))
    await Promise.all(senders.map((each) => each.settle()))
    expect(await rows()).toMatchObject([{ hits: 18 }])
    await Promise.all(senders.map((each) => each.settle()))
    const ids = new Set(senders.map((each) => suspended(each, 0)?.overlayId))
    expect([...ids]).toEqual([(await rows())[0]?.id])
  })

  it('are known to other senders after their next look', async () => {
    const [one, two] = [sender(), sender()]
    await two.settle()
    for (let i = 0; i < 3; i++) one.observe(reply(0, 'unusual rate'))
    one.observe(reply(0, 'too many connections'))
    await one.settle()
    expect(suspended(two, 0)).toBeNull()
    await two.settle()
    expect(suspended(two, 0)).toMatchObject({ reason: 'the receiver limits the rate' })
    expect(two.limits(SITE, BUILT_IN).connections).toBe(2)
  })

  it('that are lifted end everywhere, and what led to them counts no more', async () => {
    const [one, two] = [sender(), sender()]
    for (let i = 0; i < 3; i++) one.observe(reply(0, 'unusual rate'))
    await one.settle()
    await two.settle()
    const api = createTenantTransactions(database.pool('bulkhead_api'))
    const lift = () => api.write(NO_WORKSPACE, (db) => liftOverlay(db, id, 'operator:installation'))
    const id = suspended(one, 0)!.overlayId
    expect(await lift()).toBe(true)
    expect(await lift()).toBe(false)
    await one.settle()
    await two.settle()
    expect([suspended(one, 0), suspended(two, 0)]).toEqual([null, null])
    one.observe(reply(0, 'unusual rate'))
    one.observe(reply(0, 'unusual rate'))
    expect(suspended(one, 0)).toBeNull()
    one.observe(reply(0, 'unusual rate'))
    expect(suspended(one, 0)).not.toBeNull()
    await one.settle()
    const all = await api.read(NO_WORKSPACE, (db) => selectOverlays(db, true, 100))
    expect(all.map((row) => row.ended_by)).toEqual([null, 'operator:installation'])
  })

  it('hold here at once and are written later where the database is away', async () => {
    let away = true
    const failing: OverlayStore = {
      put: (...given) => (away ? Promise.reject(new Error('away')) : store.put(...given)),
      active: () => (away ? Promise.reject(new Error('away')) : store.active()),
      noteRulesBroken: (problem) => store.noteRulesBroken(problem),
    }
    const overlays = sender({ store: failing })
    for (let i = 0; i < 3; i++) overlays.observe(reply(0, 'unusual rate'))
    await expect(overlays.settle()).rejects.toThrow('away')
    expect(suspended(overlays, 0)).not.toBeNull()
    away = false
    await overlays.settle()
    expect(suspended(overlays, 0)).not.toBeNull()
    expect(await rows()).toHaveLength(1)
    expect(overlays.state()).toMatchObject({ overlays: 1, unwritten: 0 })
  })

  it('of a workspace that is gone are dropped', async () => {
    const overlays = sender()
    const workspaceId = newId()
    for (let i = 0; i < 3; i++) overlays.observe(reply(0, 'unusual rate', { workspaceId }))
    await overlays.settle()
    expect(await rows()).toEqual([])
    expect(overlays.state()).toMatchObject({ overlays: 0, unwritten: 0 })
  })

  it('stay bounded whatever many sites answer', () => {
    const overlays = sender({
      store: {
        put: () => new Promise(() => undefined),
        active: () => new Promise(() => undefined),
        noteRulesBroken: () => Promise.resolve(),
      },
    })
    open.pop()
    for (let i = 0; i < 8_000; i++)
      overlays.observe(
        reply(i % 6, i % 2 === 0 ? 'unusual rate' : 'too many connections', {
          site: `mx${i}.example`,
          provider: null,
        }),
      )
    for (let i = 0; i < 120_000; i++)
      overlays.suspension({
        ...SITE,
        site: `mx${i}.example`,
        provider: null,
        workspaceId: workspaces[0] ?? '',
      })
    const state = overlays.state()
    expect(state.unwritten).toBeLessThanOrEqual(1_000)
    expect(state.overlays).toBeLessThanOrEqual(10_000)
    expect(state.counted).toBeLessThanOrEqual(105_000)
  })
})
