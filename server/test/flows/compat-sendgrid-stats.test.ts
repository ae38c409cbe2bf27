import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rollStatistics, wakeStatistics } from '../../src/modules/statistics/statistics-store.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendgridWorld } from './sendgrid-world.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const day = (daysAgo: number): string =>
  new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10)

const METRICS = [
  'blocks',
  'bounce_drops',
  'bounces',
  'clicks',
  'deferred',
  'delivered',
  'invalid_emails',
  'opens',
  'processed',
  'requests',
  'spam_report_drops',
  'spam_reports',
  'unique_clicks',
  'unique_opens',
  'unsubscribe_drops',
  'unsubscribes',
]

describe('stats at the SendGrid door', () => {
  it('have every day, and what was counted on it', async () => {
    const { ask, workspace } = await sendgridWorld(api)
    await api.call(workspace.key, 'POST', '/v1/domains', { name: 'shop.test' })
    await api.call(workspace.key, 'POST', '/v1/suppressions', {
      email: 'gone@example.com',
      reason: 'hard_bounce',
    })
    await api.call(workspace.key, 'POST', '/v1/suppressions', {
      email: 'angry@example.com',
      reason: 'complaint',
    })
    await api.call(workspace.key, 'POST', '/v1/suppressions', {
      email: 'left@example.com',
      reason: 'unsubscribe',
      scope: 'all',
    })
    const mail = {
      from: 'me@shop.test',
      to: ['a@example.com', 'gone@example.com', 'angry@example.com', 'left@example.com'],
      subject: 'x',
      text: 'x',
      tags: ['docs'],
    }
    const sent = await api.call(workspace.key, 'POST', '/v1/messages', mail)
    expect(sent.status, sent.text).toBe(202)
    const worker = api.database.pool('bulkhead_worker')
    const roll = async (): Promise<void> => {
      await wakeStatistics(worker, new Date(Date.now() - 60_000), 1_000)
      await api.database.pool('superuser').query('update statistic_cursor set due_at = now()')
      while ((await rollStatistics(worker, 2_000, null)) !== null);
    }
    await expect
      .poll(
        async () => {
          await roll()
          const { body } = await ask('GET', '/v3/stats', { query: { start_date: day(0) } })
          return body[0].stats[0].metrics.requests
        },
        { timeout: 30_000 },
      )
      .toBe(4)
    const { body } = await ask('GET', '/v3/stats', { query: { start_date: day(9) } })
    expect(body.map(({ date }: { date: string }) => date)).toEqual(
      Array.from({ length: 10 }, (_, at) => day(9 - at)),
    )
    expect(Object.keys(body[0].stats[0].metrics).toSorted()).toEqual(METRICS)
    expect(body[9].stats[0].metrics).toMatchObject({
      requests: 4,
      processed: 1,
      bounce_drops: 1,
      spam_report_drops: 1,
      unsubscribe_drops: 1,
      delivered: 0,
    })
    expect(body[0].stats[0].metrics.requests).toBe(0)
    expect(
      (await ask('GET', '/v3/stats', { query: { start_date: day(9), limit: 3, offset: 1 } })).body,
    ).toHaveLength(3)

    expect((await ask('GET', '/v3/categories')).body).toEqual([{ category: 'docs' }])
    expect((await ask('GET', '/v3/categories', { query: { category: 'x' } })).body).toEqual([])
    const path = `/v3/categories/stats?start_date=${day(1)}&categories=docs&categories=other`
    const of = await ask('GET', path)
    expect(of.body).toMatchObject([
      {
        date: day(1),
        stats: [
          { name: 'docs', type: 'category' },
          { name: 'other', type: 'category' },
        ],
      },
      {
        date: day(0),
        stats: [
          {
            name: 'docs',
            metrics: { requests: 4, bounce_drops: 1, spam_report_drops: 1, unsubscribe_drops: 1 },
          },
          { name: 'other', metrics: { requests: 0 } },
        ],
      },
    ])

    const sums = (query: Record<string, unknown>) =>
      ask('GET', '/v3/categories/stats/sums', { query: { start_date: day(9), ...query } })
    const total = { name: 'docs', type: 'category', metrics: { requests: 4, bounce_drops: 1, clicks: 0 } }
    expect(await sums({})).toMatchObject({ status: 200, body: { date: day(9), stats: [total] } })
    expect(
      (await sums({ sort_by_metric: 'requests', sort_by_direction: 'asc', offset: 1 })).body.stats,
    ).toEqual([])
    expect((await sums({ sort_by_metric: 'nothing' })).status).toBe(400)
    expect((await sums({ sort_by_direction: 'up' })).body.errors[0].field).toBe('sort_by_direction')
  })

  it('are put together by week and month, and past what is kept or to come there is nothing', async () => {
    const { ask } = await sendgridWorld(api)
    const dates = async (query: Record<string, string>) =>
      (await ask('GET', '/v3/stats', { query })).body.map((row: { date: string }) => row.date)
    expect(await dates({ start_date: '2026-01-30', end_date: '2026-03-02', aggregated_by: 'month' })).toEqual(
      ['2026-01-01', '2026-02-01', '2026-03-01'],
    )
    expect(await dates({ start_date: '2026-01-04', end_date: '2026-01-12', aggregated_by: 'week' })).toEqual([
      '2025-12-29',
      '2026-01-05',
      '2026-01-12',
    ])
    expect(await dates({ start_date: '2009-01-01', end_date: '2009-01-02' })).toEqual([
      '2009-01-01',
      '2009-01-02',
    ])
    expect(await dates({ start_date: day(-2), end_date: day(-3) })).toEqual([day(-2), day(-3)])
    for (const query of [
      {},
      { start_date: 'yesterday' },
      { start_date: day(1), end_date: day(2) },
      { start_date: day(1), aggregated_by: 'year' },
    ])
      expect((await ask('GET', '/v3/stats', { query })).status).toBe(400)
    expect((await ask('GET', '/v3/categories/stats', { query: { start_date: day(1) } })).status).toBe(400)
  })
})

describe('inbound parse at the SendGrid door', () => {
  it('has settings by host name', async () => {
    const { ask } = await sendgridWorld(api)
    await ask('POST', '/v3/whitelabel/domains', { body: { domain: 'mine.test' } })
    const path = '/v3/user/webhooks/parse/settings'
    const wanted = {
      hostname: 'parse.mine.test',
      url: 'https://a.example/parse',
      spam_check: false,
      send_raw: true,
    }
    expect(await ask('POST', path, { body: wanted })).toEqual({ status: 201, body: wanted })
    expect((await ask('GET', path)).body).toEqual({ result: [wanted] })
    expect(
      await ask('PATCH', `${path}/parse.mine.test`, {
        body: { url: 'https://a.example/2', send_raw: false },
      }),
    ).toEqual({
      status: 200,
      body: { ...wanted, url: 'https://a.example/2', send_raw: false },
    })
    expect((await ask('POST', path, { body: wanted })).status).toBe(400)
    expect((await ask('POST', path, { body: { ...wanted, hostname: 'parse.foreign.example' } })).status).toBe(
      400,
    )
    expect((await ask('DELETE', `${path}/parse.mine.test`)).status).toBe(204)
    expect((await ask('GET', `${path}/parse.mine.test`)).status).toBe(404)
  })
})
