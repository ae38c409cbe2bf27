import type { Limits, Setting } from './limits.ts'
import { tightened } from './limits.ts'

/** A reply that an overlay rests on, without addresses. */
export interface Evidence {
  /** RFC 3339. */
  readonly at: string
  readonly code: number
  readonly enhanced: string | null
  readonly text: string
  readonly stage: string
  readonly lane: string
}

/** What was learnt from replies, for a time. */
export interface Overlay {
  readonly id: string
  readonly kind: 'suspend' | 'set'
  /** Of which rule. */
  readonly rule: string
  readonly at: 'site' | 'provider'
  /** Name of the site or the provider. */
  readonly place: string
  /** Null: the default route. */
  readonly source: string | null
  /** Null: everybody's mail. */
  readonly workspaceId: string | null
  readonly settings: readonly Setting[]
  readonly reason: string
  readonly evidence: readonly Evidence[]
  /** Replies that led to it. */
  readonly hits: number
  /** As deps.nowMs counts. */
  readonly untilMs: number
}

/** Where an attempt would go and from where. */
export interface OverlayPlace {
  readonly site: string
  readonly provider: string | null
  readonly source: string | null
}

/** Mail that waits because of an overlay. */
export interface Suspension {
  readonly untilMs: number
  readonly overlayId: string
  readonly reason: string
}

/** One row is in force for each of these at a time. */
export function keyOf(
  overlay: Omit<Overlay, 'id' | 'settings' | 'reason' | 'evidence' | 'hits' | 'untilMs'>,
): string {
  const { kind, rule, at, place, source, workspaceId } = overlay
  return JSON.stringify([kind, rule, at, place, source, workspaceId])
}

export function holdsAt(overlay: Overlay, place: OverlayPlace): boolean {
  return (
    overlay.source === place.source && overlay.place === (overlay.at === 'site' ? place.site : place.provider)
  )
}

/** Limits with everything on top that was learnt; overlays never loosen. */
export function overlaid(limits: Limits, overlays: readonly Overlay[]): Limits {
  return overlays.length === 0
    ? limits
    : tightened(
        limits,
        overlays.flatMap((overlay) => overlay.settings),
      )
}

const TEXT_MAX = 500

/** A reply as evidence: bounded, without control characters, and whatever looks like an address is taken out. */
export function evidenceText(text: string): string {
  return text
    .slice(0, 2 * TEXT_MAX)
    .split(/([\s<>()[\]"',;:]+)/)
    .map((part) => (part.includes('@') ? '<address>' : part))
    .join('')
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(0, TEXT_MAX)
}
