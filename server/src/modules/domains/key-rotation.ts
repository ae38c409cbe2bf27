import { encodeId } from '../../kernel/ids.ts'
import { Fault } from '../../kernel/faults.ts'
import type { DomainState, NewSelector, RecordCheck, Selector } from './domain.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** For how long the record of a key that signs no more is needed: mail that it signed is retried by relays for days. */
export const RETIRE_MS = 7 * DAY_MS
/** In an emergency: until no process has the key in memory any more. */
export const EMERGENCY_RETIRE_MS = HOUR_MS
/** After how many days a key that signs is old: M3AAWG recommends a change at least every six months. */
const OLD_DAYS = 180

type Held = Pick<Selector, 'selector' | 'algorithm' | 'role' | 'becomes'>

/** Pending selectors whose records a check found. */
export function seenPending(selectors: readonly Held[], checks: readonly RecordCheck[]): readonly string[] {
  return selectors
    .filter(
      ({ role, selector }) =>
        role === 'pending' && checks.some((check) => check.selector === selector && check.state === 'ok'),
    )
    .map(({ selector }) => selector)
}

/** The selectors after the seen ones took their places: those that signed before with the same algorithm retire. */
export function promoted<T extends Held>(selectors: readonly T[], seen: readonly string[]): readonly T[] {
  const rising = selectors.filter((item) => item.role === 'pending' && seen.includes(item.selector))
  return selectors.map((item) => {
    const own = rising.find((other) => other.selector === item.selector)
    if (own !== undefined) return { ...item, role: own.becomes ?? 'active', becomes: null }
    const isReplaced =
      item.role === 'active' &&
      rising.some((other) => other.becomes === 'active' && other.algorithm === item.algorithm)
    return isReplaced ? { ...item, role: 'retiring' } : item
  })
}

/**
 * The selectors of a rotation. Their names were never used, because keyrings and caches of receivers remember old ones. A planned rotation
 * brings a new key for each algorithm that signs, and a standby where there is none; in an emergency the standby signs at once, and a new
 * standby is made. Throws `conflict` where the domain cannot be rotated now.
 */
export function planRotation(input: {
  readonly workspaceId: string
  readonly rotationId: string
  readonly name: string
  readonly state: DomainState
  readonly selectors: readonly (Held & { readonly published: boolean })[]
  readonly isEmergency: boolean
}): readonly NewSelector[] {
  const { name, selectors, isEmergency } = input
  if (input.state !== 'verified')
    throw new Fault('conflict', {
      detail: `${name} signs nothing yet: publish its records first, or remove it and add it again to get new keys.`,
    })
  if (selectors.some((item) => item.role === 'pending'))
    throw new Fault('conflict', {
      detail: `A rotation of ${name} waits for DNS. Publish its records, or call it off first.`,
    })
  const standby = selectors.find((item) => item.role === 'standby')
  if (isEmergency && standby === undefined)
    throw new Fault('conflict', {
      detail: `${name} has no standby key to change over to. Begin a planned rotation instead.`,
    })
  const mark = `${encodeId('workspace', input.workspaceId).slice(-4)}${encodeId('domain', input.rotationId).slice(-6)}`
  const signsWithEd25519 = selectors.some(
    (item) => item.algorithm === 'ed25519' && item.role === 'active' && item.published,
  )
  const pending = (selector: string, algorithm: 'rsa' | 'ed25519', becomes: 'active' | 'standby') =>
    ({ selector: `${selector}-${mark}`, algorithm, role: 'pending', becomes }) as const
  return [
    ...(isEmergency ? [] : [pending('bh1', 'rsa', 'active')]),
    ...(isEmergency || standby === undefined ? [pending('bh2', 'rsa', 'standby')] : []),
    ...(signsWithEd25519 ? [pending('bhe', 'ed25519', 'active')] : []),
  ]
}

/** Whole days since the key was made. */
export function ageInDays(createdAt: Date, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - createdAt.getTime()) / DAY_MS))
}

/** What to think of a key of this age, null: nothing. */
export function ageHint(role: Selector['role'], ageDays: number): string | null {
  return role === 'active' && ageDays > OLD_DAYS
    ? `This key has signed for ${ageDays} days. Change keys every ${OLD_DAYS} days: rotate.`
    : null
}
