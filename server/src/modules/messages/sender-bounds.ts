import { normaliseForIndex, parseAddressList } from '../../kernel/email-address.ts'
import { Fault } from '../../kernel/faults.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { allowsSender } from '../../security/access/index.ts'

/** An address that a message claims to come from. */
export interface ClaimedSender {
  readonly field: string
  readonly email: string
}

/** Header fields beside From that say of whom a message comes (RFC 5322 §3.6.2, §3.6.6); some programs show the last two as its sender. */
const CLAIMING: ReadonlySet<string> = new Set(['sender', 'resent-from', 'resent-sender'])

/** Whom a header field names as where its message comes from; nobody where it is another field. What is no address is nobody's. */
export function claimedBy(field: string, value: string): ClaimedSender[] {
  if (!CLAIMING.has(field.toLowerCase()) || value === '') return []
  const parsed = parseAddressList(value)
  return parsed.ok ? parsed.addresses.map(({ email }) => ({ field, email })) : [{ field, email: '' }]
}

/**
 * Refuses a message that comes from somebody else than its credential may send as. `allowed` is as the credential's row holds it: domains
 * readable, addresses as blind indexes; empty for all. Throws `sender_refused`, and what the keyring client throws.
 */
export async function requireAllowedSenders(
  keyring: Pick<KeyringClient, 'blindAddresses'>,
  workspaceId: string,
  allowed: readonly string[],
  claimed: readonly ClaimedSender[],
): Promise<void> {
  if (allowed.length === 0) return
  const nobody = claimed.find(({ email }) => email === '')
  if (nobody !== undefined) throw refused(nobody.field)
  const plain = claimed.map(({ field, email }) => ({ field, email: normaliseForIndex(email) }))
  const blinded = allowed.every((item) => item.startsWith('@'))
    ? []
    : await keyring.blindAddresses(
        workspaceId,
        plain.map(({ email }) => email),
      )
  for (const [at, { field, email }] of plain.entries()) {
    const index = blinded[at]?.index
    const stored = index === undefined ? '' : `#${index.toString('hex')}`
    if (allowsSender(allowed, { stored, domain: email.slice(email.lastIndexOf('@') + 1) })) continue
    throw refused(field)
  }
}

function refused(field: string): Fault {
  return new Fault('sender_refused', {
    detail: `${field}: this credential may not send as that address. Use an address of its list, or one made for it.`,
    fields: [
      {
        field: field === 'From' ? 'from' : field,
        problem: 'is not among the senders that this credential is bound to',
        fix: 'bulkhead keys list shows what it is bound to',
      },
    ],
  })
}
