import { parseMailbox } from '../../../kernel/email-address.ts'

/** `Name <email>`, as the vendor writes mailboxes. */
export function mailboxText({
  email,
  name,
}: {
  readonly email: string
  readonly name?: string | undefined
}): string {
  return name === undefined ? email : `${name} <${email}>`
}

/** `Acme, Inc. <news@acme.example>`: names without quotes, which the vendor takes whatever they hold. One with an @ may be a second address. */
const NAMED = /^([^<>"@]{1,500}?) *<([^<>]+)>$/

/** A mailbox as ours are written; null: it is none. */
export function asMailbox(value: unknown): string | null {
  if (typeof value !== 'string') return null
  if (parseMailbox(value).ok) return value
  const [, name = '', email = ''] = NAMED.exec(value.trim()) ?? []
  const quoted = `"${name.replaceAll('\\', '\\\\')}" <${email}>`
  return name !== '' && parseMailbox(quoted).ok ? quoted : null
}
