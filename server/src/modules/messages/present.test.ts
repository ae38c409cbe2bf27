import { describe, expect, it } from 'vitest'
import { createIdGenerator } from '../../kernel/ids.ts'
import type { MessageSummary } from './message.ts'
import type { MessageRow } from './message-store.ts'
import { presentMessage, presentSummary } from './present.ts'
import { MessageSummaryView, MessageView } from './views.ts'

const newId = createIdGenerator()
const at = new Date('2026-11-20T10:00:00Z')
const rowOf = (over: Partial<MessageRow> = {}): MessageRow => ({
  id: newId(),
  lane: 'critical',
  source: 'api',
  sensitive: false,
  tags: ['one'],
  size_bytes: 10,
  recipient_count: 1,
  send_at: null,
  expires_at: at,
  created_at: at,
  summary: Buffer.from('sealed'),
  states: { delivered: 1 },
  ...over,
})
const SUMMARY: MessageSummary = {
  from: { email: 'ann@us.example' },
  to: ['bob@x.example'],
  subject: 'Hi',
  messageIdHeader: '<a@b.example>',
  envelopeFrom: 'ann@us.example',
  eightBit: false,
  smtputf8: false,
}

describe('what is shown of a message', () => {
  it('a summary whose key is gone leaves what the columns say', () => {
    const shown = presentMessage(rowOf({ sensitive: true }), undefined, [], [])
    expect(MessageView.parse(shown)).toMatchObject({
      from: null,
      to: [],
      subject: null,
      lane: 'critical',
      states: { delivered: 1 },
    })
  })

  it('never shows what is sealed, nor ids of the database', () => {
    const row = rowOf()
    const recipient = {
      number: 1,
      kind: 'to' as const,
      address: Buffer.from('x'),
      state: 'pending' as const,
      attempts: 2,
      next_attempt_at: at,
      email: 'bob@x.example',
    }
    const shown = presentMessage(
      row,
      SUMMARY,
      [recipient],
      [{ id: newId(), type: 'message.accepted', at, number: null, detail: {} }],
    )
    const text = JSON.stringify(shown)
    expect(text).not.toContain(row.id)
    expect(text).not.toMatch(/sealed|Buffer/)
    expect(MessageView.parse(shown).recipients).toEqual([
      {
        number: 1,
        kind: 'to',
        email: 'bob@x.example',
        state: 'pending',
        attempts: 2,
        nextAttemptAt: at.toISOString(),
      },
    ])
  })

  it('a page names its last message as the cursor of the next, and ends with null', () => {
    const rows = [rowOf(), rowOf()]
    const first = presentSummary.page(rows, [SUMMARY, undefined], true)
    expect(first.nextCursor).toBe(first.data[1]?.id)
    expect(first.data.every((item) => MessageSummaryView.safeParse(item).success)).toBe(true)
    expect(presentSummary.page(rows, [SUMMARY, SUMMARY], false).nextCursor).toBeNull()
    expect(presentSummary.page([], [], false)).toEqual({ data: [], nextCursor: null })
  })
})
