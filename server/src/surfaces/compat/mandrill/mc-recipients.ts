import { parseMailbox } from '../../../kernel/email-address.ts'
import type { Submitted } from '../submission/submitted.ts'
import type { Addressee, Kind } from './message-request.ts'

/** Whom the envelope names, as the message calls them: who is named in no field gets it blind. */
export function addresseesOf(said: Pick<Submitted, 'to' | 'cc'>, recipients: readonly string[]): Addressee[] {
  const named = new Map<string, { readonly kind: Kind; readonly name?: string }>()
  for (const kind of ['cc', 'to'] as const) {
    for (const { email, name } of said[kind])
      named.set(email.toLowerCase(), { kind, ...(name === undefined ? {} : { name }) })
  }
  const seen = new Set<string>()
  return recipients.flatMap((email) => {
    const key = email.toLowerCase()
    if (seen.has(key)) return []
    seen.add(key)
    const { kind, name } = named.get(key) ?? { kind: 'bcc' as const }
    return [{ email, kind, isValid: parseMailbox({ email }).ok, ...(name === undefined ? {} : { name }) }]
  })
}
