import { describe, expect, it } from 'vitest'
import { getMessage, listMessages } from '../../../modules/messages/index.ts'
import { getTemplate } from '../../../modules/templates/index.ts'
import { getMessageTracking } from '../../../modules/tracking/index.ts'
import type { DoorCall } from '../door.ts'
import { search } from './message-search.ts'
import type { ViewServices } from './message-views.ts'

interface Asked {
  readonly counts: Record<string, number>
  running: number
  runningMost: number
}

const AT = '2026-11-22T10:00:00.000Z'

const message = (number: number) => ({
  id: `msg_01jd8x0000e00800000${String(number).padStart(7, '0')}`,
  createdAt: AT,
  sendAt: null,
  from: { email: 'shop@example.com', name: '' },
  subject: 'Hello',
  to: ['a@example.com', 'b@example.com'],
  states: { delivered: 2 },
  recipientCount: 2,
  tags: [],
  metadata: {},
  subaccount: null,
  template: { id: 'tpl_one', version: 1 },
  timeline: [],
  recipients: [1, 2].map((recipient) => ({
    number: recipient,
    email: `${recipient}@example.com`,
    state: 'delivered',
    attempts: 1,
  })),
})

/** A workspace of many messages with two recipients each, behind a call that counts what it is asked for. */
function callOf(workspaceId: string, body: object, messages = 10_000) {
  const asked: Asked = { counts: {}, running: 0, runningMost: 0 }
  const answers: Record<string, (input: { cursor?: string; limit: number; messageId: string }) => unknown> = {
    [listMessages.id]: ({ cursor = '0', limit }) => {
      const from = Number(cursor)
      const data = Array.from({ length: Math.min(limit, messages - from) }, (_, at) => message(from + at))
      return { data, nextCursor: from + limit < messages ? String(from + limit) : null }
    },
    [getMessage.id]: ({ messageId }) => message(Number(messageId.slice(-7))),
    [getMessageTracking.id]: () => ({ data: [] }),
    [getTemplate.id]: () => ({ alias: 'welcome' }),
  }
  const run = async (operation: { id: string }, input: never): Promise<unknown> => {
    asked.counts[operation.id] = (asked.counts[operation.id] ?? 0) + 1
    asked.running += 1
    asked.runningMost = Math.max(asked.runningMost, asked.running)
    await new Promise((resolve) => setImmediate(resolve))
    asked.running -= 1
    return answers[operation.id]?.(input)
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a search uses of a call
  const call = { body, principal: { workspaceId }, run } as unknown as DoorCall<ViewServices>
  return { call, asked }
}

describe('a search at the Mandrill door', () => {
  it('opens a thousand messages at most, whatever is searched for', async () => {
    const { call, asked } = callOf('one', { query: 'email:nobody', limit: 1000 })
    expect(await search(call)).toEqual([])
    expect(asked.counts).toEqual({ [listMessages.id]: 10, [getMessage.id]: 1_000 })
  })

  it('reads five thousand summaries at most', async () => {
    const { call, asked } = callOf('one', { senders: ['nobody@example.com'] })
    expect(await search(call)).toEqual([])
    expect(asked.counts).toEqual({ [listMessages.id]: 50 })
  })

  it('opens no more than it answers, and asks once for what its mails share', async () => {
    const { call, asked } = callOf('one', { limit: 8 })
    const found = await search(call)
    expect(found.map(({ email, template }) => [email, template])).toEqual(
      Array.from({ length: 4 }, () => [
        ['1@example.com', 'welcome'],
        ['2@example.com', 'welcome'],
      ]).flat(),
    )
    expect(asked.counts).toEqual({
      [listMessages.id]: 1,
      [getMessage.id]: 4,
      [getMessageTracking.id]: 4,
      [getTemplate.id]: 1,
    })
  })

  it('waits for the one before it of its workspace; of too many the last is told to come again', async () => {
    const { call, asked } = callOf('one', { limit: 2 }, 50)
    const answers = await Promise.allSettled(Array.from({ length: 7 }, () => search(call)))
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 6 }, () => 'fulfilled'),
      'rejected',
    ])
    expect(answers.at(-1)).toMatchObject({ reason: { code: 'too_many_requests', status: 429 } })
    expect(asked.runningMost).toBeLessThanOrEqual(4)
    // Nobody waits for another workspace, and a search that failed holds nobody up.
    await expect(search({ ...call, run: () => Promise.reject(new Error('away')) })).rejects.toThrow('away')
    expect(await search(call)).toHaveLength(2)
    const other = callOf('two', { limit: 2 }, 50)
    expect(await search(other.call)).toHaveLength(2)
  })
})
