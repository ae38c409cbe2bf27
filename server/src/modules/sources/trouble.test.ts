import { describe, expect, it } from 'vitest'
import { createTroubleCounter } from './trouble.ts'
import { TROUBLE_RULES, troubleRuleOf } from './trouble-rules.ts'

const reply = { source: 'ip1', provider: 'google', workspaceId: 'w', code: 550, enhanced: null, text: '' }

describe('replies that speak against a source', () => {
  it.each([
    ['5.7.1', 'Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org', 'listed'],
    ['5.7.606', 'Access denied, banned sending IP [192.0.2.1]', 'listed'],
    [
      '4.7.28',
      'Gmail has detected an unusual rate of unsolicited mail originating from your IP',
      'reputation',
    ],
    ['5.7.1', 'message refused due to poor sender reputation', 'reputation'],
    ['4.7.0', 'try again later', 'policy'],
    ['5.7.1', 'rejected by policy', 'policy'],
    ['5.7.26', 'DMARC: not accepted', null],
    ['5.7.30', 'REQUIRETLS needed', null],
    ['5.1.1', 'no such user', null],
    ['4.2.2', 'mailbox full', null],
  ])('%s %s: %s', (enhanced, text, rule) => {
    expect(troubleRuleOf({ enhanced, text })?.name ?? null).toBe(rule)
  })

  it('are kept as evidence without the addresses in them, and no more than ten', () => {
    const counter = createTroubleCounter({ nowMs: () => 0 })
    for (let count = 0; count < 25; count += 1)
      counter.count('google', {
        ...reply,
        workspaceId: `w${count}`,
        enhanced: '5.7.1',
        text: '<ann@example.com>: your IP has a bad reputation (ann+x@sub.example.com)',
      })
    const [tally] = counter.take()
    expect(tally).toMatchObject({ rule: 'reputation', hits: 25 })
    expect(tally?.evidence).toHaveLength(10)
    expect(tally?.workspaceIds).toHaveLength(16)
    expect(JSON.stringify(tally?.evidence)).not.toContain('@')
    expect(counter.isEmpty()).toBe(true)
  })

  it('take no more than linear time to look at', () => {
    const text = `listed ip address `.repeat(20_000)
    const startedMs = performance.now()
    for (const rule of TROUBLE_RULES) rule.matches?.text?.test(text.slice(0, 1_000))
    troubleRuleOf({ enhanced: '4.7.0', text: `${'a'.repeat(100_000)}@` })
    const counter = createTroubleCounter({ nowMs: () => 0 })
    counter.count('google', { ...reply, enhanced: '4.7.0', text: `${'a'.repeat(500_000)}@` })
    expect(performance.now() - startedMs).toBeLessThan(500)
  })
})
