import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startInstallation, until } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'

vi.setConfig({ testTimeout: 240_000 })

let installation: Installation
beforeAll(async () => {
  installation = await startInstallation()
  await installation.untilReady()
})
afterAll(() => installation[Symbol.asyncDispose]())

const CONTACTS = 600

interface Progress {
  readonly total: number
  readonly pending: number
  readonly sent: number
}

describe('a broadcast of a running installation', () => {
  it('reaches everybody once though the process that sends it is killed again and again', async () => {
    const { http } = installation
    const post = async (path: string, body: unknown) => {
      const answer = await http.call('POST', path, { body })
      expect([answer.status < 300, answer.status]).toEqual([true, answer.status])
      return answer.body
    }
    const list = await post('/v1/lists', { name: 'News' })
    const emails = Array.from({ length: CONTACTS }, (_, n) => `n${n}@example.com`)
    for (let at = 0; at < CONTACTS; at += 20)
      await Promise.all(
        emails.slice(at, at + 20).map((email) => post('/v1/contacts', { email, lists: [list.id] })),
      )
    const { id } = await post('/v1/broadcasts', {
      name: 'News',
      listId: list.id,
      from: installation.from,
      subject: 'News for {{ email }}',
      text: 'Hello {{ email }}, no more: {{ unsubscribe_url }}',
    })
    const progress = async (): Promise<Progress & { state: string }> => {
      const { body } = await http.call('GET', `/v1/broadcasts/${id}`, {})
      return { ...body.progress, state: body.state }
    }
    await post(`/v1/broadcasts/${id}/send`, {})
    const sentWhenKilled: number[] = []
    for (let kills = 0; kills < 2; kills++) {
      const before = sentWhenKilled.at(-1) ?? 0
      // Messages, not what was written down: the kill shall fall between the two.
      await until('some more are accepted', 60_000, async () => {
        const ledger = await installation.ledger()
        const accepted = ledger.accepted
        if (accepted <= before || accepted >= CONTACTS) return accepted >= CONTACTS
        sentWhenKilled.push(accepted)
        return true
      })
      installation.kill('api')
      await installation.untilReady()
    }
    await until('the broadcast is sent', 120_000, async () => (await progress()).state === 'sent')
    expect(await progress()).toMatchObject({ total: CONTACTS, pending: 0, sent: CONTACTS })
    expect(sentWhenKilled.length).toBeGreaterThan(0)
    const found: string[] = []
    let cursor: string | null = null
    do {
      const more: string = cursor === null ? '' : `&cursor=${cursor}`
      const { body } = await http.call('GET', `/v1/messages?tag=broadcast:${id}&limit=100${more}`, {})
      found.push(...body.data.map((message: { to: string[] }) => message.to[0] ?? ''))
      cursor = body.nextCursor
    } while (cursor !== null)
    expect(found.toSorted()).toEqual(emails.toSorted())
    expect(await installation.untilSettled(60_000)).toMatchObject({ lost: 0, doubled: 0, balanced: true })
  })
})
