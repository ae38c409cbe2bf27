import { domainToASCII } from 'node:url'
import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import type { FieldProblem } from '../../kernel/faults.ts'
import type { KeyBounds } from '../../kernel/key-bounds.ts'
import { coversNetwork } from '../../platform/networks/index.ts'

/** Senders of one list. */
export const SENDERS_MAX = 100

/** Of a credential that nothing holds in but its scopes. */
export const UNBOUND: KeyBounds = { allowedCidrs: [], allowedSenders: [], expiresAt: null }

export type SenderResult =
  | { readonly ok: true; readonly pattern: string; readonly domain: string }
  | { readonly ok: false; readonly problem: string }

/** `@example.com` or one address, in the one spelling under which both are compared. Subdomains are other domains. */
export function parseSenderPattern(text: string): SenderResult {
  if (!text.startsWith('@')) {
    const parsed = parseAddress(text)
    if (!parsed.ok) return parsed
    return { ok: true, pattern: normaliseForIndex(parsed.address.email), domain: parsed.address.domain }
  }
  // domainToASCII reads a host as URLs have it: what stands behind a slash is dropped, and %2e is a dot.
  const domain = /[/\\%?#]/.test(text) ? '' : domainToASCII(text.slice(1))
  const parsed = parseAddress(`x@${domain || text.slice(1)}`)
  if (!parsed.ok) return { ok: false, problem: 'is not a domain behind its @' }
  return { ok: true, pattern: `@${parsed.address.domain}`, domain: parsed.address.domain }
}

/** A sender as a row holds it, with the domain of which it is part. */
export interface StoredSender {
  readonly stored: string
  readonly domain: string
}

/** Whether a list lets through an address, or a whole domain (then `stored` is `@domain`). */
export function allowsSender(allowed: readonly string[], sender: StoredSender): boolean {
  return allowed.length === 0 || allowed.includes(sender.stored) || allowed.includes(`@${sender.domain}`)
}

/** What a new credential asks for; senders carry the domain that their stored form hides. */
export interface AskedBounds {
  readonly allowedCidrs: readonly string[]
  readonly senders: readonly StoredSender[]
  readonly expiresAt: Date | null
}

/**
 * What is asked for beyond what the asker holds: no credential makes one that works from more networks, sends as more senders or lives
 * longer than itself. An empty list is everything, and so beyond every list that is not.
 */
export function boundsBeyond(asked: AskedBounds, held: KeyBounds): FieldProblem[] {
  const problems: FieldProblem[] = []
  if (held.allowedCidrs.length > 0) {
    if (asked.allowedCidrs.length === 0)
      problems.push({ field: 'allowedCidrs', problem: 'would open it to every network; yours is bound' })
    for (const cidr of asked.allowedCidrs) {
      if (!coversNetwork(held.allowedCidrs, cidr))
        problems.push({ field: 'allowedCidrs', problem: `${cidr} lies outside the networks of your own key` })
    }
  }
  if (held.allowedSenders.length > 0) {
    if (asked.senders.length === 0)
      problems.push({ field: 'allowedSenders', problem: 'would let it send as anyone; yours is bound' })
    else if (!asked.senders.every((sender) => allowsSender(held.allowedSenders, sender)))
      problems.push({ field: 'allowedSenders', problem: 'names a sender that your own key may not send as' })
  }
  if (held.expiresAt !== null && (asked.expiresAt === null || asked.expiresAt > held.expiresAt))
    problems.push({ field: 'expiresAt', problem: 'is later than the end of your own key' })
  return problems
}
