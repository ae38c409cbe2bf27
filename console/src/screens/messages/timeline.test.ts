import { describe, expect, it } from 'vitest'
import { storyOf } from './timeline.ts'

const entry = (type: string, detail: Record<string, unknown>) =>
  ({ id: 'evt_1', type, at: '2026-01-01T00:00:00.000Z', recipient: 1, detail }) as const

const factsOf = (type: string, detail: Record<string, unknown>) =>
  Object.fromEntries(storyOf(entry(type, detail)).facts.map((fact) => [fact.name, fact.value]))

describe('a timeline entry', () => {
  it('tells of an attempt: reply, host, TLS, how long', () => {
    const detail = {
      stage: 'dot',
      code: 250,
      enhanced: '2.0.0',
      reply: '2.0.0 queued as 42',
      host: 'mx.example.com',
      address: '192.0.2.1',
      tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' },
      durationMs: 83,
      attempts: 1,
    }
    expect(factsOf('message.delivered', detail)).toEqual({
      Reply: '250 2.0.0 queued as 42',
      Host: 'mx.example.com (192.0.2.1)',
      TLS: 'TLSv1.3, TLS_AES_128_GCM_SHA256',
      Took: '83 ms',
      Stage: 'end of data',
    })
  })

  it('names the next attempt and says when mail went in clear text', () => {
    const detail = {
      code: 451,
      enhanced: '4.7.1',
      reply: 'try later',
      tls: null,
      nextAttemptAt: '2026-01-01T00:05:00.000Z',
    }
    const story = storyOf(entry('message.deferred', detail))
    expect(story).toMatchObject({
      title: 'Deferred',
      tone: 'warn',
      nextAttemptAt: '2026-01-01T00:05:00.000Z',
    })
    expect(factsOf('message.deferred', detail)).toEqual({
      Reply: '451 4.7.1 try later',
      TLS: 'none: sent in clear text',
    })
  })

  it('says that captured mail went nowhere, and has no clear text to warn of', () => {
    expect(factsOf('message.delivered', { host: '/tmp/x/capture.sock', tls: null })).toEqual({
      Host: 'the local inbox: captured, nothing left this host',
    })
  })

  it('hides nothing: unknown events and details are shown by their own names', () => {
    expect(storyOf(entry('message.teleported', { to: { planet: 'Mars' } }))).toEqual({
      title: 'message.teleported',
      tone: 'neutral',
      facts: [{ name: 'to', value: '{"planet":"Mars"}', code: false }],
      nextAttemptAt: undefined,
      dialogue: [],
      sentAgainAs: undefined,
    })
  })

  it('names who is to blame, by which rule, and what came back later', () => {
    const detail = {
      class: 'recipient',
      reason: 'there is no such mailbox',
      rule: 'status:1.1',
      permanent: true,
      enhanced: '5.1.1',
      reply: '550 5.1.1 User unknown',
      report: 'bnc_1',
      reportedBy: 'mx.example.com',
      format: 'dsn',
    }
    expect(storyOf(entry('message.returned', detail))).toMatchObject({ title: 'Came back', tone: 'bad' })
    expect(factsOf('message.returned', detail)).toEqual({
      Reply: '550 5.1.1 User unknown',
      Why: 'there is no such mailbox',
      Class: 'recipient (rule status:1.1)',
      'Told by': 'mx.example.com',
      Report: 'bnc_1',
    })
  })

  it('tells a person from a scanner, and an unsubscribing that was taken back', () => {
    const clicked = { by: 'scanner', because: ['all-links'], link: 0, url: 'https://shop.example/' }
    expect(factsOf('message.clicked', clicked)).toEqual({
      'Leads to': 'https://shop.example/',
      By: 'scanner (all-links)',
    })
    const undone = storyOf(entry('message.unsubscribed', { via: 'page', undone: true }))
    expect(undone.title).toBe('Unsubscribed, taken back')
  })

  it('names the message as which it was sent again', () => {
    const story = storyOf(entry('message.resent', { as: 'msg_2', recipients: 2, reason: 'asked' }))
    expect(story).toMatchObject({ title: 'Sent again', sentAgainAs: 'msg_2' })
    expect(story.facts.map(({ name, value }) => [name, value])).toEqual([
      ['Why', 'asked'],
      ['To', '2 recipients'],
    ])
  })

  it('keeps the dialogue apart from the facts, a reply of several lines as several', () => {
    const detail = { host: 'mx.example.com', transcript: ['+3 S: 250-mx / 250 SIZE 1', 'odd'] }
    expect(factsOf('message.delivered', detail)).toEqual({ Host: 'mx.example.com' })
    expect(storyOf(entry('message.delivered', detail)).dialogue).toEqual([
      { afterMs: '3', text: 'S: 250-mx' },
      { afterMs: undefined, text: '   250 SIZE 1' },
      { afterMs: undefined, text: 'odd' },
    ])
  })
})
