import { describe, expect, it } from 'vitest'
import { api, bulkhead, message, SUMMARY } from './cli.test-support.ts'

const show = (timeline: unknown[], state = 'bounced') => ({
  'GET /v1/messages/msg_1': message(state, ...timeline),
})

describe('the story of a message', () => {
  const at = '2026-01-31T11:57:00.000Z'
  const event = (id: string, type: string, detail: Record<string, unknown>) => ({
    id,
    type: `message.${type}`,
    at,
    recipient: 0,
    detail,
  })
  const bounced = event('2', 'bounced', {
    stage: 'rcpt',
    class: 'recipient',
    reason: 'there is no such mailbox',
    rule: 'status:1.1',
    code: 550,
    enhanced: '5.1.1',
    reply: 'No such user',
    host: 'mx.example.com',
    address: '192.0.2.9',
    tls: { protocol: 'TLSv1.3', cipher: 'X', authenticated: 'dane-ee' },
    provider: 'google',
    source: 'ip1',
    durationMs: 9,
    transcript: [
      '+0 connected to 192.0.2.9',
      '+3 S: 250-mx.example.com / 250-PIPELINING / 250 SIZE 1',
      '+5 C: RCPT TO:<recipient>',
      '+9 S: 550 5.1.1 No such user',
    ],
  })
  it('names the reply, who is to blame by which rule, the host, its proof and the source, without the dialogue', async () => {
    const { env } = await api(show([bounced]))
    const { out, code } = await bulkhead(['messages', 'show', 'msg_1'], { env })
    expect(code).toBe(0)
    expect(out).toContain('550 5.1.1 No such user\n')
    expect(out).toContain('class recipient: there is no such mailbox (rule status:1.1)')
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      'at mx.example.com (192.0.2.9), provider google, from ip1, TLSv1.3, proved by dane-ee, took 9 ms',
    )
    expect(out).not.toContain('RCPT TO')
  })

  it('with --transcript shows what passed between the servers, one line each', async () => {
    const { env } = await api(show([bounced]))
    const { out } = await bulkhead(['messages', 'show', 'msg_1', '--transcript'], { env })
    expect(out).toMatch(/ 3 {2}S: 250-mx\.example\.com\n +250-PIPELINING\n +250 SIZE 1\n/)
    expect(out).toMatch(/ 5 {2}C: RCPT TO:<recipient>\n.* 9 {2}S: 550 5\.1\.1 No such user\n/)
    const untried = await api(show([event('1', 'accepted', { source: 'api' })], 'pending'))
    const { out: none } = await bulkhead(['messages', 'show', 'msg_1', '--transcript'], untried)
    expect(none).toContain('No dialogue is on record')
  })

  it('reads well for what comes back and what recipients do, also in events', async () => {
    const timeline = [
      event('1', 'returned', {
        enhanced: '5.1.1',
        reply: '550 5.1.1 User unknown',
        class: 'recipient',
        reason: 'there is no such mailbox',
        rule: 'status:1.1',
        permanent: true,
        format: 'dsn',
        report: 'bnc_1',
        reportedBy: 'mx.example.com',
      }),
      event('2', 'complained', { feedbackType: 'abuse', reporter: 'FBL/1', report: 'bnc_2' }),
      event('3', 'clicked', { by: 'scanner', because: ['all-links'], link: 0, url: 'https://shop.example/' }),
      event('4', 'unsubscribed', { via: 'one-click' }),
    ]
    const { env } = await api({
      ...show(timeline, 'delivered'),
      'GET /v1/events': {
        data: timeline.map((one) => ({ ...one, messageId: 'msg_1' })),
        nextCursor: null,
        hasMore: false,
      },
    })
    const { out } = await bulkhead(['messages', 'show', 'msg_1'], { env })
    expect(out).toContain('550 5.1.1 User unknown\n')
    expect(out.replaceAll(/\s+/g, ' ')).toContain('reported by mx.example.com, report bnc_1')
    expect(out).toMatch(/complained .*of type abuse, reported by FBL\/1, report bnc_2/)
    expect(out).toMatch(/clicked .*https:\/\/shop\.example\/, by scanner \(all-links\)\n/)
    expect(out).toMatch(/unsubscribed .*by one-click\n/)
    expect((await bulkhead(['events', 'list'], { env })).out).toMatch(
      /returned .*550 5\.1\.1 User unknown, class recipient: there is no such mailbox \(rule status:1\.1\)/,
    )
  })

  it('says why a recipient waits, at which site, and when it is tried next; without that where nobody answers', async () => {
    const deferred = event('2', 'deferred', {
      stage: 'mail',
      class: 'policy',
      code: 451,
      reply: 'Later',
      attempt: 1,
      nextAttemptAt: '2026-01-31T12:01:00.000Z',
    })
    const row = {
      number: 0,
      email: 'b@x.test',
      lane: 'bulk',
      attempts: 1,
      nextAttemptAt: '2026-01-31T12:01:00.000Z',
      expiresAt: SUMMARY.expiresAt,
      why: 'It waits for its next attempt.',
      site: 'mx.x.test',
      provider: null,
      policy: null,
      pause: null,
      overlays: [],
      lastReplies: [],
      because: [],
    }
    const answers = show([deferred], 'pending')
    const silent = await bulkhead(['messages', 'show', 'msg_1'], await api(answers))
    expect(silent).toMatchObject({ code: 0, out: expect.stringContaining('next try 2026-01-31 12:01:00') })
    const { env } = await api({
      ...answers,
      'GET /v1/messages/msg_1/shaping': { messageId: 'msg_1', recipients: [row], done: 0 },
    })
    expect((await bulkhead(['messages', 'show', 'msg_1'], { env })).out).toContain(
      'b@x.test  It waits for its next attempt. Site mx.x.test. Next try in 60 s.',
    )
  })

  it('passes nothing of another server to the terminal that could command it', async () => {
    const { env } = await api(
      show([event('1', 'bounced', { reply: 'a\u001b[2Jb', transcript: ['+1 S: 220 \u001b]0;x\u0007'] })]),
    )
    const { out } = await bulkhead(['messages', 'show', 'msg_1', '--transcript'], { env })
    expect(out).not.toMatch(/[\u001b\u0007]/) // oxlint-disable-line no-control-regex -- what must not be there
  })
})

describe('errors', () => {
  it('name a list only where there is one', async () => {
    const { env } = await api({})
    expect((await bulkhead(['messages', 'show', 'msg_1'], { env })).err).toContain('bulkhead messages list')
    expect((await bulkhead(['shaping', 'explain', 'msg_1'], { env })).err).not.toContain('list.')
  })

  it('begin no import for a file that is not there', async () => {
    const { env, asked } = await api({})
    const { code, err } = await bulkhead(['suppressions', 'import', '/nowhere/x.csv'], { env })
    expect(code).toBe(2)
    expect(err).toContain('/nowhere/x.csv cannot be read: there is no such file.')
    expect(asked).toEqual([])
  })
})
