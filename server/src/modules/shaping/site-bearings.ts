import type { z } from 'zod'
import { EvidenceView } from './shaping-views.ts'
import type { BecauseView, EffectView } from './shaping-views.ts'
import { effectOf } from './explain.ts'
import { nearest } from './nearest.ts'
import type { ActiveOverlay, OverlayRow } from './overlay-store.ts'
import type { Rules } from './rules.ts'

/** An overlay at a site, for somebody who looks at the queue. `reply`: what led to it; the operator's alone. */
export type SiteOverlay = z.output<typeof EffectView> & { readonly reply: string | null }

/** What shaping says of sites. */
export interface SiteBearings {
  /** Providers of the rules in force. */
  readonly providers: readonly string[]
  nearestProvider(written: string): string | null
  overlays(site: string, provider: string | null): SiteOverlay[]
  /** How much the site is given, and which layer decided it. */
  limits(site: string, mxHosts: readonly string[]): z.output<typeof BecauseView>[]
}

/** The limits that make mail wait in a line. */
const PACE = new Set(['connections', 'connection_rate', 'message_rate', 'provider_connections'])
/** Names no domain of a recipient: limits of a domain alone are not those of its site. */
const NO_DOMAIN = 'invalid'

/** `rows` carry the replies; empty: they are not the asker's to see. Overlays of other workspaces are left out by the caller. */
export function createSiteBearings(deps: {
  readonly rules: Rules
  readonly overlays: readonly ActiveOverlay[]
  readonly rows: readonly OverlayRow[]
  readonly now: Date
}): SiteBearings {
  const { rules, overlays, now } = deps
  const replies = new Map(deps.rows.map((row) => [row.id, replyOf(row.evidence)]))
  return {
    providers: rules.providers,
    nearestProvider: (written) => nearest(written, rules.providers),
    overlays: (site, provider) =>
      overlays
        .filter(({ at, place }) => place === (at === 'site' ? site : provider))
        .map((overlay) => ({ ...effectOf(overlay, now), reply: replies.get(overlay.id) ?? null })),
    limits: (site, mxHosts) =>
      rules
        .resolve({ domain: NO_DOMAIN, mxHosts: [...mxHosts], siteName: site })
        .because.filter(({ key, value }) => PACE.has(key) && value !== 'none'),
  }
}

function replyOf(evidence: unknown): string | null {
  const parsed = EvidenceView.array().safeParse(evidence)
  const last = parsed.success ? parsed.data.at(-1) : undefined
  return last === undefined
    ? null
    : `${last.code}${last.enhanced === null ? '' : ` ${last.enhanced}`} ${last.text}`
}
