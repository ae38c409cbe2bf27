import { describe, expect, it } from 'vitest'
import type { SmtpOutcome, SmtpOutcomeInfo, SmtpReply } from '../../platform/smtp/client/index.ts'
import type { Lane } from '../../kernel/lane.ts'
import { classify } from './bounce-class.ts'
import type { Job } from './job.ts'
import { judge, undeliverable, unreachable } from './judge.ts'
import { retryDelayMs } from './retry-schedule.ts'

const NOW = Date.parse('2026-11-20T10:00:00Z')
const JUDGING = { nowMs: NOW, random: 0.5, retryScale: 1 }
const INFO: SmtpOutcomeInfo = { durationMs: 12.4, host: 'mx.there.example', address: '192.0.2.1', dsn: false }

function jobOf(
  lane: Lane = 'transactional',
  over: Partial<Job['row']> = {},
  email = 'ann.lee@there.example',
): Job {
  return {
    row: {
      lane,
      messageId: '01930000-0000-7000-8000-000000000001',
      number: 1,
      workspaceId: '01930000-0000-7000-8000-0000000000aa',
      destination: 1n,
      attempts: 0,
      due: new Date(NOW),
      expiresAt: new Date(NOW + 3 * 86_400_000),
      createdAt: new Date(NOW),
      sizeBytes: 1,
      sensitive: false,
      fromDomain: 'us.example',
      summary: Buffer.alloc(0),
      address: Buffer.alloc(0),
      addressIndex: Buffer.alloc(32),
      suppressed: null,
      actor: 'api_key:01930000-0000-7000-8000-0000000000bb',
      ...over,
    },
    lease: '7',
    envelopeFrom: 'news@us.example',
    email,
    domain: 'there.example',
    chunks: [],
    bytes: 0,
    eightBit: false,
    smtputf8: false,
    returnPath: null,
    tlsFloor: 'none',
    dsn: undefined,
    connectionFailures: 0,
  }
}

const reply = (text: string): SmtpReply => {
  const [, code, enhanced, rest] = /^(\d{3}) (?:([245]\.\d+\.\d+) )?(.*)$/s.exec(text) ?? []
  return { code: Number(code), text: rest ?? '', ...(enhanced === undefined ? {} : { enhanced }) }
}
const bounced = (
  text: string,
  stage: 'mail' | 'rcpt' | 'data' | 'dot' = 'rcpt',
): Exclude<SmtpOutcome, { kind: 'unattempted' }> => ({
  kind: 'bounced',
  reply: reply(text),
  stage,
})

// Replies of large receivers, as their help pages and senders' logs show them.
const REAL = [
  [
    'recipient',
    'rcpt',
    "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos. https://support.google.com/mail/?p=NoSuchUser",
  ],
  [
    'recipient',
    'rcpt',
    '550 5.2.1 The email account that you tried to reach is disabled. https://support.google.com/mail/?p=DisabledUser',
  ],
  [
    'mailbox',
    'rcpt',
    '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.',
  ],
  [
    'mailbox',
    'rcpt',
    "552 5.2.2 The recipient's inbox is out of storage space. https://support.google.com/mail/?p=OverQuotaPerm",
  ],
  [
    'reputation',
    'dot',
    '550 5.7.1 Our system has detected that this message is likely suspicious due to the very low reputation of the sending domain.',
  ],
  [
    'policy',
    'dot',
    '550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.',
  ],
  ['policy', 'dot', '550 5.7.1 Our system has detected that this message is likely unsolicited mail.'],
  ['content', 'dot', '552 5.3.4 Your message exceeded the size limit'],
  [
    'recipient',
    'rcpt',
    '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
  ],
  [
    'reputation',
    'mail',
    "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
  ],
  ['policy', 'rcpt', '550 5.7.606 Access denied, banned sending IP [192.0.2.1]'],
  ['policy', 'rcpt', '550 5.7.1 Service unavailable, message sender is not authorized'],
  [
    'recipient',
    'dot',
    "554 delivery error: dd This user doesn't have a yahoo.com account (ann@yahoo.com) [0]",
  ],
  ['recipient', 'dot', '552 1 Requested mail action aborted, mailbox not found'],
  [
    'policy',
    'dot',
    '554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes',
  ],
  ['recipient', 'rcpt', '550 5.1.1 unknown or illegal alias: ann@icloud.com'],
  ['recipient', 'rcpt', '550 5.1.6 recipient no longer on server'],
  ['policy', 'dot', '554 5.7.1 [CS01] Message rejected due to local policy'],
  [
    'recipient',
    'rcpt',
    '550 5.1.1 <ann@x.example>: Recipient address rejected: User unknown in virtual mailbox table',
  ],
  [
    'protocol',
    'rcpt',
    '550 5.1.0 <news@us.example>: Sender address rejected: User unknown in relay recipient table',
  ],
  ['protocol', 'mail', '553 5.1.8 <news@us.example>: Sender address rejected: Domain not found'],
  ['policy', 'rcpt', '554 5.7.1 <ann@x.example>: Relay access denied'],
  [
    'reputation',
    'rcpt',
    '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org',
  ],
  ['reputation', 'rcpt', '550 5.1.1 Mail refused, your IP is listed on our blocklist'],
  ['reputation', 'rcpt', '550 5.1.1 rejected, see http://barracudacentral.org/reputation?ip=192.0.2.1'],
  ['recipient', 'rcpt', '554 5.1.1 ann@x.example not listed in Domino Directory'],
  ['recipient', 'rcpt', '550 No such user here'],
  ['recipient', 'rcpt', '550 unknown user'],
  ['policy', 'rcpt', '550 Administrative prohibition'],
  ['policy', 'rcpt', '550 Invalid sender address'],
  ['policy', 'mail', '550 5.1.1 User unknown'],
  ['policy', 'mail', '550 No such user'],
  ['infrastructure', 'rcpt', '554 5.4.14 Hop count exceeded - possible mail loop'],
  ['protocol', 'rcpt', '501 5.5.4 Invalid arguments'],
  ['protocol', 'mail', '503 Bad sequence of commands'],
  ['mailbox', 'rcpt', '552 Mailbox full'],
] as const

describe('the class of a refusal', () => {
  it.each(REAL)('is %s (at %s): %s', (expected, stage, text) => {
    expect(classify(reply(text), stage).class).toBe(expected)
  })

  it.each(REAL.filter(([kind]) => kind === 'reputation' || kind === 'policy'))(
    'never puts a recipient on the suppression list for %s (at %s): %s',
    (_kind, stage, text) => {
      expect(judge(jobOf(), bounced(text, stage), INFO, JUDGING)).toMatchObject({
        state: 'bounced',
        suppress: false,
      })
    },
  )
})

describe('what an outcome means', () => {
  it('a dead mailbox ends and suppresses, unless this client refused by itself', () => {
    const outcome = bounced('550 5.1.1 no such user')
    expect(judge(jobOf(), outcome, INFO, JUDGING)).toMatchObject({
      state: 'bounced',
      attempted: true,
      suppress: true,
    })
    expect(judge(jobOf(), { ...outcome, local: true } as typeof outcome, INFO, JUDGING).suppress).toBe(false)
  })

  it('a temporary refusal goes back for its next attempt and never suppresses', () => {
    const settlement = judge(
      jobOf('transactional', { attempts: 1 }),
      { kind: 'deferred', reply: reply('450 4.1.1 no such user'), stage: 'rcpt' },
      INFO,
      JUDGING,
    )
    expect(settlement).toMatchObject({
      state: null,
      type: 'message.deferred',
      attempted: true,
      suppress: false,
    })
    expect(settlement.due?.getTime()).toBe(NOW + 3 * 60_000)
    expect(settlement.detail).toMatchObject({ attempt: 2, nextAttemptAt: settlement.due?.toISOString() })
  })

  it('a next attempt behind expiry is due at expiry, so that the message ends on time', () => {
    const expiresAt = new Date(NOW + 1_000)
    const settlement = unreachable(jobOf('bulk', { expiresAt }), { stage: 'connect', cause: 'x' }, JUDGING)
    expect(settlement.due).toEqual(expiresAt)
  })

  it.each([
    ['bulk', 'uncertain', undefined],
    ['transactional', null, 'message.uncertain'],
    ['critical', null, 'message.uncertain'],
    ['internal', null, 'message.uncertain'],
  ] as const)('no reply after the final dot: %s mail', (lane, state, type) => {
    expect(judge(jobOf(lane), { kind: 'uncertain', cause: 'reset' }, INFO, JUDGING)).toMatchObject({
      state,
      type,
    })
  })

  it.each([
    '550 5.1.1 <ANN.LEE@There.Example>: no such user',
    '550 5.1.1 ann.lee@there.example ann.lee@there.example unknown',
    '550 5.1.1 ann.lee@internal.there.example unknown',
  ])('the address is taken out of what is kept: %s', (text) => {
    const { detail } = judge(jobOf(), bounced(text), INFO, JUDGING)
    expect(JSON.stringify(detail)).not.toMatch(/ann\.lee/i)
    expect(detail['reply']).toContain('<recipient>')
  })

  it('an address in UTF-8 is taken out as well', () => {
    const job = jobOf('transactional', {}, 'jörg@bücher.example')
    const wire = Buffer.from('jörg@bücher.example unknown').toString('latin1')
    expect(JSON.stringify(judge(job, bounced(`550 5.1.1 ${wire}`), INFO, JUDGING).detail)).not.toMatch(/rg@b/)
  })

  it('a domain that takes no mail ends at once, without its address in the detail', () => {
    const settlement = undeliverable(jobOf(), '5.1.2', 'The domain does not exist')
    expect(settlement).toMatchObject({
      state: 'bounced',
      suppress: true,
      detail: { stage: 'dns', enhanced: '5.1.2' },
    })
  })

  it('what is kept of a reply is bounded', () => {
    const { detail } = judge(jobOf(), bounced(`550 5.7.1 ${'x'.repeat(5_000)}`), INFO, JUDGING)
    expect(JSON.stringify(detail).length).toBeLessThan(1_500)
  })
})

describe('the retry schedule', () => {
  it('grows, then repeats its last step, and keeps within 20 % of it', () => {
    for (const lane of ['critical', 'transactional', 'bulk', 'internal'] as const) {
      const steps = Array.from({ length: 30 }, (_, n) => retryDelayMs(lane, n + 1, 1, 0.5))
      expect(steps.every((step, n) => n === 0 || step >= (steps[n - 1] ?? 0))).toBe(true)
      expect(steps.at(-1)).toBe(steps.at(-10))
      expect(retryDelayMs(lane, 1, 1, 0)).toBeCloseTo((steps[0] ?? 0) * 0.8)
      expect(retryDelayMs(lane, 1, 1, 1)).toBeCloseTo((steps[0] ?? 0) * 1.2)
      expect(retryDelayMs(lane, 0, 1, 0.5)).toBe(steps[0])
      expect(retryDelayMs(lane, 3, 0.01, 0.5)).toBeCloseTo((steps[2] ?? 0) * 0.01)
    }
  })

  it('tries a code that somebody waits for at least six times in its four hours, the first time within 15 s', () => {
    let passed = 0
    let tries = 1
    for (; passed < 4 * 3_600_000; tries++) passed += retryDelayMs('critical', tries, 1, 1)
    expect(tries).toBeGreaterThan(6)
    expect(retryDelayMs('critical', 1, 1, 1)).toBeLessThanOrEqual(15_000)
  })
})
