import { normaliseForIndex } from '../../kernel/email-address.ts'
import { Fault } from '../../kernel/faults.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { allowsSender } from '../../security/access/index.ts'

/** An address that a message claims to come from. */
export interface ClaimedSender {
  readonly field: 'From' | 'Sender'
  readonly email: string
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
    throw new Fault('sender_refused', {
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
}
