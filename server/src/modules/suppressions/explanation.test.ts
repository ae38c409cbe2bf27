import { describe, expect, it } from 'vitest'
import { explain } from './explanation.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const ENTRY = {
  id: 'sup_1',
  email: 'ann@x.test',
  reason: 'hard_bounce' as const,
  reasons: ['hard_bounce' as const],
  scope: 'all' as const,
  expiresAt: null,
  note: null,
  messageId: 'msg_1',
  importId: 'imp_1',
  createdAt: '2026-11-22T06:00:00.000Z',
}
const before = { reason: 'unsubscribe', at: '2026-11-21T06:00:00.000Z' }
const whyOf = (evidence: Record<string, unknown>) =>
  explain('ann@x.test', { ...ENTRY, evidence }, false, NOW).why

describe('why an address gets no mail', () => {
  it('names the import that brought the reason, and not the message of what was there before', () => {
    expect(whyOf({ before })).toContain('It came with the import imp_1.')
    expect(whyOf({ before })).not.toContain('msg_1')
  })

  it('names the message and the reply where a server said so after an import', () => {
    const why = whyOf({ before, code: 550, enhanced: '5.1.1', reply: 'no such user' })
    expect(why).toContain('It was the message msg_1.')
    expect(why).not.toContain('imp_1')
  })
})
