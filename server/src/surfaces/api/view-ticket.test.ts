import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createViewTickets, TICKET_LIFE_MS } from './view-ticket.ts'

const WORKSPACE = '01900000-0000-7000-8000-000000000001'
const grant = { capturedId: 'cap_1', workspaceId: WORKSPACE }

describe('view tickets', () => {
  it('show one message of one workspace for a minute', () => {
    let now = 1_000
    const tickets = createViewTickets({ key: randomBytes(32), now: () => now })
    const { ticket } = tickets.issue(grant)
    expect(tickets.redeem(ticket, 'cap_1')).toBe(WORKSPACE)
    expect(tickets.redeem(ticket, 'cap_2')).toBeNull()
    now += TICKET_LIFE_MS
    expect(tickets.redeem(ticket, 'cap_1')).toBe(WORKSPACE)
    now += 1
    expect(tickets.redeem(ticket, 'cap_1')).toBeNull()
  })

  it('cannot be forged, altered, prolonged or carried to another process', () => {
    const tickets = createViewTickets({ key: randomBytes(32), now: () => 1_000 })
    const other = createViewTickets({ key: randomBytes(32), now: () => 1_000 })
    const { ticket } = tickets.issue(grant)
    const [, expires, mac] = ticket.split('.')
    const altered = [
      `${WORKSPACE.replace(/1$/, '2')}.${expires}.${mac}`,
      `${WORKSPACE}.${Number(expires) + 1}.${mac}`,
      `${WORKSPACE}.${expires}.${'A'.repeat(43)}`,
      `${WORKSPACE}.${expires}`,
      '',
    ]
    for (const text of altered) expect(tickets.redeem(text, 'cap_1')).toBeNull()
    expect(other.redeem(ticket, 'cap_1')).toBeNull()
  })
})
