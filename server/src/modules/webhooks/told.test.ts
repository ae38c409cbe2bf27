import { describe, expect, it } from 'vitest'
import { toldAfter, toldIn } from './told.ts'

describe('what an endpoint is told', () => {
  it('is never everything in the format of a vendor', () => {
    const { eventTypes } = toldIn('sendgrid', { eventTypes: [] })
    expect(eventTypes.length).toBeGreaterThan(5)
    expect(eventTypes).not.toContain('security.alert')
    expect(toldIn('bulkhead', { eventTypes: [] })).toEqual({ eventTypes: [], formatEvents: [] })
  })

  it("follows from the vendor's names where those are given", () => {
    expect(toldIn('mandrill', { formatEvents: ['hard_bounce', 'spam'] })).toEqual({
      eventTypes: ['message.bounced', 'message.returned', 'message.complained'],
      formatEvents: ['hard_bounce', 'spam'],
    })
    expect(() => toldIn('mandrill', { formatEvents: ['bounce'] })).toThrow('has no event bounce')
    expect(() => toldIn('bulkhead', { formatEvents: ['bounce'] })).toThrow('formats of vendors')
    expect(() => toldIn('resend', { eventTypes: ['message.held'] })).toThrow('no event for message.held')
    expect(() =>
      toldIn('resend', { eventTypes: ['message.delivered'], formatEvents: ['email.sent'] }),
    ).toThrow('together')
  })

  it('keeps of what it was what another format can tell', () => {
    const now = {
      format: 'bulkhead',
      eventTypes: ['message.held', 'message.delivered'],
      formatEvents: [],
    } as const
    expect(toldAfter(now, { format: 'resend' })).toEqual({
      eventTypes: ['message.delivered'],
      formatEvents: [],
    })
    expect(toldAfter(now, {})).toBeNull()
    const all = toldAfter({ ...now, eventTypes: [] }, { format: 'resend' })
    expect(all?.eventTypes).toEqual(toldIn('resend', {}).eventTypes)
    const back = toldAfter(
      { format: 'mandrill', eventTypes: ['message.bounced'], formatEvents: ['hard_bounce'] },
      { format: 'bulkhead' },
    )
    expect(back).toEqual({ eventTypes: ['message.bounced'], formatEvents: [] })
  })
})
