import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a ticket lets its bearer see, and for whom it was made. */
export interface ViewGrant {
  readonly capturedId: string
  readonly workspaceId: string
}

export interface ViewTickets {
  issue(grant: ViewGrant): { readonly ticket: string; readonly expiresAt: Date }
  /** The workspace in which `capturedId` may be shown; null for a ticket that is forged, late or for another message. */
  redeem(ticket: string, capturedId: string): string | null
}

export const TICKET_LIFE_MS = 60_000

/**
 * Tickets let a frame, which cannot send an Authorization header, load one captured message for a minute. They hold nothing
 * secret and are no key to anything else. The HMAC key lives and dies with the process.
 */
export function createViewTickets(deps: { readonly key: Buffer; readonly now: () => number }): ViewTickets {
  function macOf(capturedId: string, workspaceId: string, expires: string): Buffer {
    return createHmac('sha256', deps.key)
      .update(JSON.stringify(['inbox-view', capturedId, workspaceId, expires]))
      .digest()
  }

  return {
    issue({ capturedId, workspaceId }) {
      const expiresMs = deps.now() + TICKET_LIFE_MS
      const mac = macOf(capturedId, workspaceId, String(expiresMs)).toString('base64url')
      return { ticket: `${workspaceId}.${expiresMs}.${mac}`, expiresAt: new Date(expiresMs) }
    },
    redeem(ticket, capturedId) {
      const parts = TICKET.exec(ticket)
      const [, workspaceId, expires, mac] = parts ?? []
      if (workspaceId === undefined || expires === undefined || mac === undefined) return null
      const given = Buffer.from(mac, 'base64url')
      const expected = macOf(capturedId, workspaceId, expires)
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
      return Number(expires) >= deps.now() ? workspaceId : null
    },
  }
}

const TICKET = /^([0-9a-f-]{36})\.(\d{1,15})\.([\w-]{43})$/
