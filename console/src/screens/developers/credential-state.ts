import type { Tone } from '../../ui/chip.tsx'

/** What lists of keys and of SMTP credentials have in common. */
export interface Credential {
  readonly id: string
  readonly name: string
  readonly allowedCidrs: readonly string[]
  readonly allowedSenders: readonly string[]
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly endsAt: string | null
  readonly rotatedFrom: string | null
  readonly revokedAt: string | null
  readonly killed: boolean
  readonly leakedAt?: string | null
  readonly lastUsedAt: string | null
  readonly lastUsedFrom: { readonly network: string; readonly program: string | null } | null
}

export interface CredentialState {
  readonly word: 'active' | 'ending' | 'leaked' | 'revoked' | 'expired' | 'ended'
  readonly tone: Tone
  /** When it ends or ended; null: it does not, or it is not known. */
  readonly at: string | null
  readonly isAlive: boolean
}

const DAY_MS = 86_400_000
/** A key that nobody has used for so long is probably forgotten. */
const IDLE_MS = 90 * DAY_MS
/** A key that was made and never used for so long, too. */
const NEVER_MS = 14 * DAY_MS

/** What a credential is now, by the clock of the page. */
export function stateOf(credential: Credential, nowMs: number): CredentialState {
  const { revokedAt, killed, endsAt, expiresAt, leakedAt = null } = credential
  if (revokedAt !== null) return { word: 'revoked', tone: 'neutral', at: revokedAt, isAlive: false }
  if (killed) return { word: 'ended', tone: 'neutral', at: null, isAlive: false }
  const end = [endsAt, expiresAt].filter((at) => at !== null).sort()[0] ?? null
  if (end !== null && Date.parse(end) <= nowMs)
    return { word: 'expired', tone: 'neutral', at: end, isAlive: false }
  if (leakedAt !== null) return { word: 'leaked', tone: 'bad', at: end, isAlive: true }
  if (endsAt !== null) return { word: 'ending', tone: 'warn', at: end, isAlive: true }
  return { word: 'active', tone: 'ok', at: end, isAlive: true }
}

/** Why a living credential looks forgotten; undefined: it does not. */
export function idleHint(credential: Credential, nowMs: number): string | undefined {
  if (!stateOf(credential, nowMs).isAlive) return undefined
  const { lastUsedAt, createdAt } = credential
  if (lastUsedAt === null) return nowMs - Date.parse(createdAt) > NEVER_MS ? 'never used' : undefined
  const days = Math.floor((nowMs - Date.parse(lastUsedAt)) / DAY_MS)
  return nowMs - Date.parse(lastUsedAt) > IDLE_MS ? `unused for ${days} days` : undefined
}

/** What stops when it is revoked, as far as its last use tells. */
export function whatBreaks({ lastUsedAt, lastUsedFrom }: Credential, nowMs: number): string {
  if (lastUsedAt === null) return 'It was never used: nothing should stop.'
  const program = lastUsedFrom?.program ?? 'a program'
  const place = lastUsedFrom === null ? '' : ` from ${lastUsedFrom.network}`
  const ageMs = nowMs - Date.parse(lastUsedAt)
  if (ageMs < DAY_MS)
    return `It is in use: ${program}${place} used it within the last day, and is refused from now on.`
  return `It was last used ${Math.floor(ageMs / DAY_MS)} days ago by ${program}${place}.`
}
