import type { QueueAct } from '@bulkhead/sdk'
import { describe, expect, it } from 'vitest'
import { healthRows, type Containment, type Series } from './health.ts'
import { changeOf, PERIOD_FACTS, rangesOf } from './period.ts'

const NOTHING = { containments: [], acts: [] }

/** A series of eight points; what is named is its latest one. */
function series(
  lane: Series['lane'],
  provider: string,
  latest: Partial<Record<string, number | null>>,
): Series {
  const points = (name: string): (number | null)[] => [0, 0, 0, 0, 0, 0, 0, latest[name] ?? 0]
  return {
    lane,
    provider,
    source: null,
    totals: { attempts: latest['attempts'] ?? 0 },
    points: new Proxy({}, { get: (_, name) => points(String(name)) }),
  } as unknown as Series
}

const words = (all: readonly Series[], facts: Parameters<typeof healthRows>[1] = NOTHING) =>
  healthRows(all, facts).map(({ lane, provider, word }) => `${lane} ${provider ?? '-'} ${word}`)

const containment = (capabilities: string[]): Containment =>
  ({ scope: 'workspace', capabilities, reason: 'a drill' }) as unknown as Containment
const pause = (filter: object): QueueAct =>
  ({ kind: 'pause', state: 'standing', reason: 'blocked there', filter }) as unknown as QueueAct

describe('the health of a lane and route', () => {
  it('has a row for every lane, also where nothing was sent', () => {
    expect(words([])).toEqual([
      'critical - nothing sent',
      'transactional - nothing sent',
      'bulk - nothing sent',
    ])
  })

  it('is that of the latest part of the time', () => {
    expect(
      words([
        series('critical', 'google', { attempts: 10, delivered: 10, deliveryP95Ms: 900 }),
        series('transactional', 'google', { attempts: 10, delivered: 7, deferred: 3 }),
        series('transactional', 'yahoo', { attempts: 9, deferred: 9 }),
        series('bulk', 'other', { attempts: 8, delivered: 2, bounced: 6 }),
        series('bulk', 'google', { attempts: 20, delivered: 17, bounced: 3 }),
        series('internal', 'other', { attempts: 0 }),
      ]),
    ).toEqual([
      'critical google healthy',
      'transactional google slow',
      'transactional yahoo failing',
      'bulk google bouncing',
      'bulk other failing',
      'internal other quiet',
    ])
  })

  it('knows that a minute is long for a code and short for a newsletter', () => {
    const late = { attempts: 5, delivered: 5, deliveryP95Ms: 120_000 }
    expect(words([series('critical', 'other', late), series('bulk', 'other', late)])).toEqual([
      'critical other slow',
      'transactional - nothing sent',
      'bulk other healthy',
    ])
  })

  it('says first what was stopped on purpose', () => {
    const sent = { attempts: 5, delivered: 5 }
    expect(
      words(
        [series('critical', 'google', sent), series('bulk', 'google', sent), series('bulk', 'other', sent)],
        {
          containments: [containment(['deliver:critical'])],
          acts: [pause({ lanes: ['bulk'], providers: ['google'] }), pause({ tags: ['x'] })],
        },
      ),
    ).toEqual([
      'critical google contained',
      'transactional - nothing sent',
      'bulk google paused',
      'bulk other healthy',
    ])
    expect(words([], { containments: [containment(['send'])], acts: [] })).toEqual([
      'critical - contained',
      'transactional - contained',
      'bulk - contained',
    ])
  })
})

describe('numbers', () => {
  it('tell by how much they changed, where that can be told', () => {
    expect([changeOf(15, 10), changeOf(5, 10), changeOf(5, 0)]).toEqual([50, -50, null])
  })

  it('of a period are whole buckets, and as many before them', () => {
    const now = Date.parse('2026-11-22T10:07:31.500Z')
    for (const period of ['1h', '24h', '7d', '30d'] as const) {
      const { now: asked, before } = rangesOf(period, now)
      const { stepMs, points } = PERIOD_FACTS[period]
      expect((Math.floor(now / stepMs) + 1) * stepMs - Date.parse(asked.since)).toBe(points * stepMs)
      expect(before.until).toBe(asked.since)
      expect(Date.parse(before.until) - Date.parse(before.since)).toBe(points * stepMs)
    }
  })
})
