import { describe, expect, it } from 'vitest'
import type { MessageSummary } from '../../api/types.ts'
import { mergeFeed } from './merge-feed.ts'

function row(id: string, state = 'pending'): MessageSummary {
  return {
    id,
    lane: 'bulk',
    source: 'api',
    sensitive: false,
    from: null,
    to: [],
    subject: null,
    tags: [],
    template: null,
    topic: null,
    broadcast: null,
    batch: null,
    subaccount: null,
    requestId: 'msg_1',
    sizeBytes: 1,
    recipientCount: 1,
    states: { [state]: 1 },
    createdAt: '2026-01-01T00:00:00.000Z',
    sendAt: null,
    expiresAt: '2026-01-01T00:00:00.000Z',
  }
}

const ids = (rows: readonly MessageSummary[]): string[] => rows.map(({ id }) => id)
const known = new Map(['m5', 'm4'].map((id) => [id, row(id)]))

describe('a list that comes in parts', () => {
  it('shows each message once, the newest first, as it is now', () => {
    const merged = mergeFeed({
      known,
      head: [row('m5', 'delivered'), row('m4')],
      pages: [row('m3'), row('m4'), row('m2')],
      top: 'm5',
      isHeadWhole: false,
    })
    expect(ids(merged.rows)).toEqual(['m5', 'm4', 'm3', 'm2'])
    expect(merged.rows[0]?.states).toEqual({ delivered: 1 })
    expect(merged).toMatchObject({ newCount: 0, hasGap: false })
  })

  it('counts what came meanwhile, and knows when it does not know all of it', () => {
    const held = { known, pages: [], top: 'm5', isHeadWhole: false }
    expect(mergeFeed({ ...held, head: [row('m7'), row('m6'), row('m5')] })).toMatchObject({
      newCount: 2,
      hasGap: false,
    })
    const flood = mergeFeed({ ...held, head: [row('m9'), row('m8')] })
    expect(flood).toMatchObject({ newCount: 2, hasGap: true })
    expect(ids(flood.rows)).toEqual(['m5', 'm4'])
    expect(mergeFeed({ ...held, head: [row('m9')], isHeadWhole: true }).hasGap).toBe(false)
  })
})
