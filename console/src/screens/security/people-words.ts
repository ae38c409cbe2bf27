import type { Member } from '@bulkhead/sdk'

export type Role = NonNullable<Member['role']>
export type Factor = 'none' | 'totp' | 'passkey' | 'recovery' | 'sso'

/** What each role is for, from the most to the least. */
export const ROLES: readonly { readonly name: Role; readonly words: string }[] = [
  { name: 'owner', words: 'Everything, and the only one who makes, changes and removes owners.' },
  { name: 'admin', words: 'Everything but making owners and connecting an identity provider.' },
  { name: 'developer', words: 'Keys, domains, senders, webhooks, mail and containment. No policies.' },
  { name: 'marketer', words: 'Sends mail, reads it, and keeps the list of suppressions.' },
  { name: 'analyst', words: 'Reads mail and what became of it. Changes nothing.' },
  { name: 'auditor', words: 'Reads who may do what and what was done. No mail, no address of a recipient.' },
]

/** What a session showed at log-in. */
export const FACTOR_WORDS: Readonly<Record<Factor, string>> = {
  none: 'no second factor',
  totp: 'authenticator app',
  passkey: 'passkey',
  recovery: 'recovery code',
  sso: 'company sign-on',
}

/** What somebody may do here is called by a role or by the name of a permission set. */
export function standingOf(member: Pick<Member, 'role' | 'permissionSet'>): string {
  return member.role ?? member.permissionSet?.name ?? 'permission set'
}

export function nameOfMember(member: Pick<Member, 'name' | 'email'>): string {
  return member.name ?? member.email
}

/** An actor of the API as people know it: the member's name where it is one. */
export function actorWords(actor: string | null, members: readonly Member[]): string {
  if (actor === null) return 'nobody known'
  const member = members.find(({ personId }) => personId === actor)
  if (member !== undefined) return nameOfMember(member)
  if (actor.startsWith('per_')) return `a former member (${actor})`
  if (actor.startsWith('api_key:')) return 'an API key'
  if (actor.startsWith('smtp_credential:')) return 'an SMTP credential'
  if (actor.startsWith('federation:')) return 'a workload'
  if (actor.startsWith('operator:')) return 'the operator'
  if (actor.startsWith('system:')) return 'the installation itself'
  return actor
}

/** "2 passkeys, app"; empty where there is none. */
export function factorsInWords({ passkeys, authenticatorApp }: Member['factors']): string {
  return [
    ...(passkeys === 0 ? [] : [passkeys === 1 ? '1 passkey' : `${passkeys} passkeys`]),
    ...(authenticatorApp ? ['app'] : []),
  ].join(', ')
}

export function counted(count: number, one: string, more = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : more}`
}
