import type { Member, PermissionSet } from '@bulkhead/sdk'
import type { Wished } from './standing-choice.tsx'

/** Who acts, as far as it decides what he may do to others. */
export interface Actor {
  readonly personId: string | undefined
  readonly role: string | null
  readonly can: (scope: string) => boolean
}

/** Why this one may not touch that member at all; undefined where he may. The server judges the same, and again. */
export function refusalOfMember(
  actor: Actor,
  member: Member,
  members: readonly Member[],
): string | undefined {
  const isSelf = member.personId === actor.personId
  if (isSelf && isOnlyOwner(member, members))
    return 'You are the only owner, and one always stays. Make somebody else an owner first.'
  if (member.role === 'owner' && actor.role !== 'owner') return 'Only an owner changes or removes an owner.'
  if (isSelf) return undefined
  const beyond = member.scopes.filter((scope) => !actor.can(scope))
  if (beyond.length > 0) return `This member may do more than you: ${beyond.join(', ')}.`
  return undefined
}

/** Why the wished role or set cannot be given to that member. */
export function refusalOfWish(
  actor: Actor,
  member: Member,
  wished: Wished,
  sets: readonly PermissionSet[],
): string | undefined {
  if ('role' in wished) {
    if (wished.role === 'owner' && actor.role !== 'owner') return 'Only an owner makes owners.'
    return undefined
  }
  const set = sets.find(({ id }) => id === wished.permissionSetId)
  const beyond = (set?.scopes ?? []).filter((scope) => !actor.can(scope))
  if (beyond.length === 0) return undefined
  return member.personId === actor.personId
    ? `Nobody raises the own rights: ${beyond.join(', ')}.`
    : `You lack what it gives: ${beyond.join(', ')}.`
}

export function isOnlyOwner(member: Member, members: readonly Member[]): boolean {
  return member.role === 'owner' && members.filter(({ role }) => role === 'owner').length === 1
}

/** The member's role or set, in the form in which one is wished. */
export function wishOf(member: Member): Wished {
  return member.permissionSet === null
    ? { role: member.role ?? 'analyst' }
    : { permissionSetId: member.permissionSet.id }
}
