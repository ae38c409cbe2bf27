import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { ROLES, ROLE_SCOPES, WORKSPACE_SCOPES } from '../../security/access/index.ts'
import type { Role } from '../../security/access/index.ts'

export const Member = z.object({
  id: z.string(),
  personId: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  role: z.enum(ROLES).nullable().describe('Null where a permission set says what this member may do.'),
  permissionSet: z.object({ id: z.string(), name: z.string() }).nullable(),
  scopes: z.array(z.string()).describe('What this member may do here.'),
  createdAt: Instant,
  invitedBy: z.string().describe('Who let this member in.'),
  lastSeenAt: Instant.nullable().describe(
    'Of any session that opens this workspace; to within half a minute.',
  ),
  factors: z
    .object({ passkeys: z.int(), authenticatorApp: z.boolean() })
    .describe('The second factors of the person.'),
  sessions: z.int().describe('How many of the sessions of this member are alive.'),
})
export type MemberView = z.output<typeof Member>

export const MemberSession = z.object({
  id: z.string(),
  device: z.string().describe('Kind of browser and system.'),
  network: z.string().describe('The network it was made from: the first three bytes, in IPv6 the first six.'),
  factor: z.enum(['none', 'totp', 'passkey', 'recovery', 'sso']),
  createdAt: Instant,
  lastSeenAt: Instant,
  expiresAt: Instant,
})

export const PermissionSet = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  createdAt: Instant,
})

export const SetName = z.string().trim().min(1).max(100)
export const SetScopes = z
  .array(z.enum(WORKSPACE_SCOPES))
  .min(1)
  .max(WORKSPACE_SCOPES.length)
  .refine((scopes) => new Set(scopes).size === scopes.length, 'names a scope twice')

/** What somebody is, or shall be, in a workspace. */
export interface Standing {
  readonly role: Role
  /** Those of a permission set, in place of the role's; null: the role's. */
  readonly setScopes: readonly string[] | null
}

export const scopesOf = (standing: Standing): readonly string[] =>
  standing.setScopes ?? ROLE_SCOPES[standing.role]

/** What a member of a permission set is called where a role must stand: the least of them. */
export const ROLE_OF_SET = 'analyst' satisfies Role

/**
 * Why one may not make another (null: a newcomer) what is wished (null: nothing any more); null where he may. Only owners touch owners; nobody
 * gives, or takes from others, what he does not have; nobody raises himself. That one owner stays is a rule of the database.
 */
export function refusalOf(
  actor: Standing,
  target: (Standing & { readonly isActor: boolean }) | null,
  wished: Standing | null,
): string | null {
  const isOwner = actor.role === 'owner'
  if (wished?.role === 'owner' && !isOwner) return 'only an owner makes owners'
  if (target?.role === 'owner' && !isOwner) return 'only an owner changes or removes an owner'
  const held = scopesOf(actor)
  if (target?.isActor === true) {
    const more = beyond(wished === null ? [] : scopesOf(wished), held)
    return more.length === 0 ? null : `nobody raises the own rights: ${more.join(', ')}`
  }
  const given = beyond(wished === null ? [] : scopesOf(wished), held)
  if (given.length > 0) return `nobody gives more than the own rights; you lack: ${given.join(', ')}`
  const taken = beyond(target === null ? [] : scopesOf(target), held)
  if (taken.length > 0) return `this member may do more than you: ${taken.join(', ')}`
  return null
}

/** The scopes asked for that the asker does not have. */
export function beyond(asked: readonly string[], held: readonly string[]): string[] {
  return asked.filter((scope) => !held.includes(scope))
}

/** Whether a change of somebody's standing takes a right away, whatever else it gives. */
export function takesAway(before: Standing, next: Standing): boolean {
  const wasOwner = before.role === 'owner' && next.role !== 'owner'
  return wasOwner || beyond(scopesOf(before), scopesOf(next)).length > 0
}
