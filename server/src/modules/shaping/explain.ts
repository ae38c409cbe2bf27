import type { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import type { ActiveOverlay, WaitingRow } from './overlay-store.ts'
import { settingsToJson, tightened, type Limits, type Setting } from './limits.ts'
import type { ResolveWanted, Rules } from './rules.ts'
import type { BecauseView, EffectView, ExplainedView } from './shaping-views.ts'

type Explained = z.output<typeof ExplainedView>['recipients'][number]
type Effect = z.output<typeof EffectView>

/** What the message's own view tells of a recipient. */
export interface RecipientFacts {
  readonly email: string
  readonly timeline: readonly { readonly at: string; readonly detail: Readonly<Record<string, unknown>> }[]
}

const REPLIES_SHOWN = 3

/**
 * Why one recipient waits: where it goes, what limits hold there and which layer decided them, what was learnt, what somebody stopped,
 * and the last replies. Of overlays only those that concern the workspace, without the replies to others' mail.
 */
export function explainRecipient(deps: {
  readonly row: WaitingRow
  readonly facts: RecipientFacts
  readonly workspaceId: string
  readonly rules: Rules
  readonly overlays: readonly ActiveOverlay[]
  readonly now: Date
}): Explained {
  const { row, facts, now } = deps
  const domain = facts.email.slice(facts.email.lastIndexOf('@') + 1)
  const mxHosts = row.mx_hosts ?? []
  const here = deps.overlays.filter(
    (overlay) =>
      overlay.place === (overlay.at === 'site' ? row.site : row.provider) &&
      (overlay.workspaceId === null || overlay.workspaceId === deps.workspaceId),
  )
  const overlays = here.map((overlay) => effectOf(overlay, now))
  const because =
    row.site === null ? [] : withOverlays(deps.rules, { domain, mxHosts, siteName: row.site }, here)
  const pause =
    row.pause === null
      ? null
      : { id: row.pause, reason: row.pause_reason ?? '', until: row.pause_until?.toISOString() ?? null }
  return {
    number: row.number,
    email: facts.email,
    lane: row.lane,
    attempts: row.attempts,
    why: whyOf(row, overlays, now),
    nextAttemptAt: row.due.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    site: row.site,
    provider: row.provider,
    mxHosts,
    policy: row.policy,
    because,
    overlays,
    pause,
    lastReplies: facts.timeline.flatMap(replyOf).slice(-REPLIES_SHOWN).toReversed(),
  }
}

/** Every limit with what was learnt on top; where that decides, the layer is `overlay` and the rule its name. */
export function withOverlays(
  rules: Rules,
  wanted: ResolveWanted,
  overlays: readonly ActiveOverlay[],
): z.output<typeof BecauseView>[] {
  const resolved = rules.resolve(wanted)
  const learnt = overlays.flatMap((overlay) =>
    overlay.settings.map((setting) => ({ setting, rule: overlay.rule })),
  )
  return resolved.because.map((reason) => {
    let shown: z.output<typeof BecauseView> = reason
    let limits = resolved.limits
    for (const { setting, rule } of learnt) {
      if (setting.key !== reason.key || !isStricter(limits, setting)) continue
      limits = tightened(limits, [setting])
      shown = { key: reason.key, value: setting.shown, layer: 'overlay', rule }
    }
    return shown
  })
}

/** Whether a setting of an overlay changes anything. */
function isStricter(limits: Limits, setting: Setting): boolean {
  return JSON.stringify(tightened(limits, [setting])) !== JSON.stringify(limits)
}

/** An overlay as whoever it holds up sees it. */
export function effectOf(overlay: ActiveOverlay, now: Date): Effect {
  return {
    id: encodeId('overlay', overlay.id),
    kind: overlay.kind,
    rule: overlay.rule,
    place: overlay.place,
    source: overlay.source,
    ofWorkspace: overlay.workspaceId !== null,
    settings: { ...settingsToJson(overlay.settings) },
    reason: overlay.reason,
    until: new Date(now.getTime() + overlay.remainingMs).toISOString(),
  }
}

function whyOf(row: WaitingRow, overlays: readonly Effect[], now: Date): string {
  const suspended = overlays.find((overlay) => overlay.kind === 'suspend')
  if (row.leased) return 'A sender has it now.'
  if (row.pause !== null) return `It is stopped: ${row.pause_reason ?? 'a pause'}.`
  if (row.held) return 'It is held: see the containments and the notices of the workspace.'
  if (suspended !== undefined) {
    const whose = suspended.ofWorkspace ? 'Mail of this workspace' : 'All mail'
    const from = suspended.source === null ? '' : ` from the source ${suspended.source}`
    return `${whose}${from} to ${suspended.place} waits until ${suspended.until}: ${suspended.reason}.`
  }
  if (row.in_line)
    return `It waits in the line of ${row.site ?? 'its site'}, which takes no more at the moment.`
  if (row.due.getTime() > now.getTime())
    return row.attempts === 0
      ? 'Its time has not come yet.'
      : `It waits for its next attempt after ${row.attempts} that did not succeed.`
  return 'It is ready and waits for a sender.'
}

function replyOf(entry: RecipientFacts['timeline'][number]): Explained['lastReplies'] {
  const { code, enhanced, reply, cause } = entry.detail
  const text = typeof reply === 'string' ? reply : typeof cause === 'string' ? cause : null
  if (text === null) return []
  return [
    {
      at: entry.at,
      code: typeof code === 'number' ? code : null,
      enhanced: typeof enhanced === 'string' ? enhanced : null,
      text,
    },
  ]
}
