import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDetectionWorld } from '../../../test/support/detection-world.ts'
import type { DetectionWorld } from '../../../test/support/detection-world.ts'

let world: DetectionWorld
beforeEach(async () => {
  world = await makeDetectionWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

const ATTACKER = '203.0.113.66'
const OFFICE = '192.0.2.1'
const CHROME = 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36'

const installation = async () => (await world.alerts()).filter((row) => row.workspace_id === null)

/** `10 min`, `1 h`, `7 d`. */
function span(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`
  return seconds % 3_600 === 0 ? `${seconds / 3_600} h` : `${seconds / 60} min`
}

describe('rules of detection', () => {
  it('are those of docs/detection.md, word for word', async () => {
    interface Rule {
      readonly kind: string
      readonly measure: string
      readonly window_seconds: number
      readonly at_least: number
      readonly share_percent: number
      readonly times_usual: number
      readonly least_clients: number
      readonly severity: string
      readonly rationale: string
      readonly source: string
    }
    const { rows } = await world.database.pool('superuser').query<Rule>('select * from detection.rule')
    const lines = rows.map((rule) => {
      const also = [
        ...(rule.share_percent > 0 ? [`${rule.share_percent} % of the client's identifiers`] : []),
        ...(rule.times_usual > 0 ? [`${rule.times_usual} times the usual part`] : []),
        ...(rule.least_clients > 1 ? [`${rule.least_clients} clients`] : []),
      ]
      return `| \`${rule.kind}\` | ${rule.measure} | ${span(rule.window_seconds)} | ${rule.at_least} | ${also.join(', ') || '–'} | ${rule.severity} | ${rule.rationale} | ${rule.source} |`
    })
    const text = readFileSync(join(import.meta.dirname, '../../../../docs/detection.md'), 'utf8')
    const documented = text.split('\n').filter((line) => /^\| `[a-z_]+\.[a-z_]+`/.test(line))
    expect(documented.toSorted()).toEqual(lines.toSorted())
  })

  it('enumeration by one client: raised once, those probed before and after are flagged, workspaces hear of their own', async () => {
    const people = await world.people(40)
    const mine = await world.workspace(people.slice(0, 10))
    const other = await world.workspace(people.slice(35))
    const signUp = { address: ATTACKER, kind: 'sign_up', outcome: 'known' } as const
    for (const person of people.slice(0, 19)) {
      await world.observe({ ...signUp, email: world.emailOf(person) })
      await world.advance(1)
    }
    await world.evaluate()
    expect(await world.alerts()).toEqual([])
    expect((await world.flagged()).size).toBe(0)

    await world.observe({ ...signUp, email: 'nobody@people.test', outcome: 'unknown' })
    await world.evaluate()
    expect((await installation()).filter((row) => row.kind === 'enumeration.client')).toMatchObject([
      { workspace_id: null, severity: 'high', detail: { identifiers: 20, of: 20 } },
    ])
    expect(new Set((await world.flagged()).keys())).toEqual(new Set(people.slice(0, 19)))
    expect((await world.alerts()).filter((row) => row.workspace_id === mine)).toMatchObject([
      { detail: { people: 10 } },
    ])

    await world.advance(60)
    for (const person of people.slice(19)) await world.observe({ ...signUp, email: world.emailOf(person) })
    await world.evaluate()
    expect((await world.flagged()).size).toBe(40)
    const after = await world.alerts()
    expect(
      after.filter((row) => row.kind === 'enumeration.client' && row.workspace_id === null),
    ).toHaveLength(1)
    expect(after.some((row) => row.workspace_id === other)).toBe(true)
  })

  it('an office behind one address that mistypes and gets in raises nothing', async () => {
    const people = await world.people(150)
    await world.workspace(people)
    for (const [n, person] of people.entries()) {
      const common = { address: OFFICE, email: world.emailOf(person), userAgent: CHROME }
      if (n % 8 === 0) await world.observe({ ...common, outcome: 'wrong_password' })
      if (n % 30 === 0) await world.observe({ ...common, email: `typo-${n}@people.test`, outcome: 'unknown' })
      await world.observe({ ...common, outcome: 'right_password' })
      await world.observe({ ...common, outcome: 'session' })
      await world.advance(5)
      if (n % 10 === 0) await world.evaluate()
    }
    await world.evaluate()
    expect(await world.alerts()).toEqual([])
    expect((await world.flagged()).size).toBe(0)
  })

  it('a person once flagged for a probe is not flagged again for the same one', async () => {
    const people = await world.people(25)
    for (const person of people) await world.observe({ address: ATTACKER, email: world.emailOf(person) })
    await world.evaluate()
    expect((await world.flagged()).size).toBe(25)
    await world.database.pool('superuser').query('update account.person set flagged_at = null')
    await world.advance(30)
    await world.observe({ address: ATTACKER, email: world.emailOf(people[0] ?? '') })
    await world.evaluate()
    expect([...(await world.flagged()).keys()]).toEqual([people[0]])
  })

  it('resets for five accounts from one client (D-01)', async () => {
    const people = await world.people(5)
    for (const [n, person] of people.entries()) {
      await world.observe({
        address: ATTACKER,
        email: world.emailOf(person),
        kind: 'reset',
        outcome: 'known',
      })
      await world.advance(300)
      await world.evaluate()
      expect((await installation()).filter((row) => row.kind === 'reset.storm')).toHaveLength(n === 4 ? 1 : 0)
    }
    expect((await world.flagged()).size).toBe(5)
  })

  it('the right password without the second factor tells the person, and marks him', async () => {
    const [person = ''] = await world.people(1)
    await world.workspace([person])
    for (let round = 0; round < 3; round++)
      await world.observe({ address: ATTACKER, email: world.emailOf(person), outcome: 'abandoned' })
    await world.evaluate()
    expect(await world.alerts()).toMatchObject([
      { kind: 'second_factor.abandoned', person_id: person, workspace_id: null, severity: 'high' },
    ])
    expect((await world.flagged()).get(person)).toBe('second_factor.abandoned')
  })

  it('stuffing from a thousand addresses, each once: noticed, and those with the right password are marked too', async () => {
    const people = await world.people(120)
    const workspace = await world.workspace(people)
    for (const person of people)
      await world.observe({
        address: '192.0.2.10',
        email: world.emailOf(person),
        outcome: 'session',
        userAgent: CHROME,
      })
    await world.advance(3 * 86_400)
    const hits = new Set(people.slice(0, 3))
    for (const [n, person] of people.slice(0, 100).entries()) {
      const from = { address: `198.51.100.${n}`, email: world.emailOf(person) }
      if (!hits.has(person)) await world.observe(from)
      else await world.observe({ ...from, outcome: n === 0 ? 'session' : 'right_password' })
      await world.advance(2)
    }
    await world.evaluate()
    expect((await installation()).filter((row) => row.kind === 'stuffing.distributed')).toMatchObject([
      { severity: 'critical', about: 'installation' },
    ])
    const flagged = await world.flagged()
    expect(people.filter((person) => flagged.has(person))).toEqual(people.slice(0, 100))
    expect((await world.alerts()).filter((row) => row.workspace_id === workspace)).toMatchObject([
      { kind: 'stuffing.distributed', detail: { people: 100 } },
    ])
  })

  it('somebody wholly new behind a right password, right after a probe; not the owner who travels or has a new browser', async () => {
    const [probed = '', traveller = ''] = await world.people(2)
    const workspace = await world.workspace([probed, traveller])
    const home = { address: '192.0.2.10', userAgent: CHROME, outcome: 'session' as const }
    for (const person of [probed, traveller]) await world.observe({ ...home, email: world.emailOf(person) })
    await world.advance(3 * 86_400)
    await world.observe({ address: ATTACKER, email: world.emailOf(probed) })
    await world.advance(3_600)
    // Not probed: everything may be new.
    await world.observe({ address: '198.51.100.1', email: world.emailOf(traveller), outcome: 'session' })
    // The browser is known.
    await world.observe({
      ...home,
      address: '198.51.100.2',
      email: world.emailOf(probed),
      outcome: 'right_password',
    })
    await world.evaluate()
    expect(await world.alerts()).toEqual([])
    await world.observe({ address: '198.51.100.3', email: world.emailOf(probed), outcome: 'right_password' })
    await world.evaluate()
    expect((await world.alerts()).map((row) => [row.kind, row.person_id, row.workspace_id])).toEqual(
      expect.arrayContaining([
        ['novelty.after_probe', probed, null],
        ['novelty.after_probe', null, workspace],
      ]),
    )
    expect([...(await world.flagged()).keys()]).toEqual([probed])
  })

  it('a flood of clients with alarms of their own is told as twenty and a rest, not as thousands', async () => {
    const honey = await world.honey()
    for (let n = 0; n < 60; n++) await world.observe({ address: `198.51.100.${n}`, email: honey.email })
    await world.evaluate()
    const rows = (await world.alerts()).filter((row) => row.kind === 'honey.touched')
    expect(rows).toHaveLength(21)
    expect(rows.find((row) => row.about === 'further')).toMatchObject({ occurrences: 40 })
  })

  it('a flood of invented addresses fills no disk, and people in it are still seen', async () => {
    const [person = ''] = await world.people(1)
    for (let n = 0; n < 2_100; n += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, m) =>
          world.observe({ address: ATTACKER, email: `x${n + m}@nowhere.test`, outcome: 'unknown' }),
        ),
      )
    await world.observe({ address: ATTACKER, email: world.emailOf(person) })
    const { rows } = await world.database
      .pool('superuser')
      .query<{ n: number }>('select count(*)::int as n from detection.sighting')
    expect(rows[0]?.n).toBeLessThanOrEqual(2_010)
    await world.evaluate()
    expect([...(await world.flagged()).keys()]).toEqual([person])
  })

  it('nothing that names an address or a browser is stored, and what has served its time goes', async () => {
    const people = await world.people(30)
    for (const person of people)
      await world.observe({
        address: ATTACKER,
        email: world.emailOf(person),
        outcome: 'session',
        userAgent: CHROME,
      })
    await world.evaluate()
    const superuser = world.database.pool('superuser')
    const tables = ['client', 'sighting', 'familiar', 'tally', 'incident']
    for (const table of tables) {
      const { rows } = await superuser.query<{ row: string }>(
        `select x::text as row from detection.${table} x`,
      )
      for (const { row } of rows) expect(row).not.toMatch(/203\.0\.113|people\.test|Chrome|Mozilla/)
    }
    await world.advance(100 * 86_400)
    await world.database.pool('bulkhead_worker').query('select engine.trim_detection(10000)')
    for (const table of tables)
      expect((await superuser.query(`select from detection.${table}`)).rowCount, table).toBe(0)
  })

  it('an alarm is raised though nobody sequences the audit log, and recorded when somebody does', async () => {
    const honey = await world.honey()
    const superuser = world.database.pool('superuser')
    await superuser.query(
      `insert into audit_outbox (id, workspace_id, actor, action, at) values (gen_random_uuid(), null, 'operator:x', 'x.y', now() - interval '10 minutes')`,
    )
    await world.observe({ address: ATTACKER, email: honey.email })
    expect((await world.evaluate()).alerts).toBe(1)
    const recorded = async () =>
      (await superuser.query("select from audit_outbox where action = 'alert.raised'")).rowCount
    expect(await recorded()).toBe(0)
    await superuser.query("delete from audit_outbox where action = 'x.y'")
    await world.evaluate()
    expect(await recorded()).toBe(1)
    await world.evaluate()
    expect(await recorded()).toBe(1)
  })

  it('no signal is lost and nobody waits for ever while signals, evaluations, alarms and trimming go on together', async () => {
    const people = await world.people(30)
    for (let n = 0; n < 10; n++) await world.workspace(people.slice(n * 3, n * 3 + 3))
    const honey = await world.honey()
    const worker = world.database.pool('bulkhead_worker')
    const over = new AbortController()
    const evaluating = Array.from({ length: 3 }, async () => {
      while (!over.signal.aborted) await world.evaluate()
    })
    const trimming = (async () => {
      while (!over.signal.aborted) await worker.query('select engine.trim_detection(1000)')
    })()
    const raising = (async () => {
      for (let n = 0; !over.signal.aborted; n++)
        await world.detection.raise({
          kind: 'recovery.started',
          severity: 'high',
          workspaceId: null,
          personId: people[n % people.length] ?? null,
          about: `${n % 7}`,
          quietSeconds: 60,
          detail: {},
        })
    })()
    for (let round = 0; round < 20; round++)
      await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          world.observe({
            address: `203.0.113.${n % 5}`,
            email: n % 10 === 0 ? honey.email : world.emailOf(people[(n * 7 + round) % people.length] ?? ''),
            outcome: n % 3 === 0 ? 'session' : n % 3 === 1 ? 'abandoned' : 'wrong_password',
          }),
        ),
      )
    over.abort()
    await Promise.all([...evaluating, trimming, raising])
    const { rows } = await world.database
      .pool('superuser')
      .query<{ n: number }>('select sum(events)::int as n from detection.tally')
    expect(rows[0]?.n).toBe(1_000)
  })

  it('several processes that evaluate at the same moment raise one alarm', async () => {
    const people = await world.people(60)
    for (const person of people) await world.observe({ address: ATTACKER, email: world.emailOf(person) })
    await Promise.all(Array.from({ length: 8 }, () => world.evaluate()))
    const rows = (await installation()).filter((row) => row.kind === 'enumeration.client')
    expect(rows).toHaveLength(1)
    expect((await world.flagged()).size).toBe(60)
  })
})
