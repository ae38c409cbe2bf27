import type { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import type { SiteBearings } from '../shaping/index.ts'
import type { Counted, CountedLine } from './queue-count.ts'
import { instantOf } from './queue-filter.ts'
import type { KnownSite } from './queue-store.ts'
import { QUEUE_STATES } from './queue-views.ts'
import type { Overview } from './queue-views.ts'

type Line = z.input<typeof Overview>['lines'][number]
type State = Line['state']

const LINES_MAX = 100
/** States in which what was learnt of a site is why mail waits. */
const BEFORE_SITES: ReadonlySet<State> = new Set<State>(['ready', 'line', 'deferred'])

/** The longest lines of what was counted, only those of a state where one is named; and what is in none of them. */
export function longestLines(
  counted: Counted,
  state: State | undefined,
): { readonly shown: readonly CountedLine[]; readonly rest: { lines: number; recipients: number } } {
  const all = [...counted.byLine.values()]
    .filter((line) => state === undefined || line.state === state)
    .sort((a, b) => b.recipients - a.recipients)
  const beyond = all.slice(LINES_MAX)
  return {
    shown: all.slice(0, LINES_MAX),
    rest: { lines: beyond.length, recipients: beyond.reduce((total, line) => total + line.recipients, 0) },
  }
}

/** Lines with why they wait. */
export function explainLines(
  lines: readonly CountedLine[],
  sites: readonly KnownSite[],
  bearings: SiteBearings,
): Line[] {
  const hosts = new Map(sites.map((known) => [known.site, known.mx_hosts]))
  return lines.map((line) => {
    const state = QUEUE_STATES.find((item) => item === line.state) ?? 'ready'
    const { site, holder } = line
    const overlays = site === null || !BEFORE_SITES.has(state) ? [] : bearings.overlays(site, line.provider)
    const limits = site === null || state !== 'line' ? [] : bearings.limits(site, hosts.get(site) ?? [])
    return {
      lane: line.lane,
      site,
      provider: line.provider,
      pool: line.pool,
      state,
      recipients: line.recipients,
      oldestDue: line.oldestDue,
      oldestAcceptedAt: instantOf(line.oldestMessage),
      why: whyOf(line, state, overlays, limits),
      heldBy:
        holder === null
          ? null
          : {
              actId: encodeId('queueAct', holder.act),
              kind: holder.kind,
              by: holder.origin,
              reason: holder.reason,
              until: holder.until === null ? null : new Date(holder.until).toISOString(),
            },
      overlays: overlays.map(({ id, kind, rule, reason, source, until, settings, reply }) => ({
        id,
        kind,
        rule,
        reason,
        source,
        until,
        settings,
        reply,
      })),
      limits,
    }
  })
}

function whyOf(
  line: CountedLine,
  state: State,
  overlays: Line['overlays'] | ReturnType<SiteBearings['overlays']>,
  limits: Line['limits'],
): string | null {
  const suspended = overlays.find(({ kind }) => kind === 'suspend')
  if (state === 'held') return heldBy(line)
  if (state === 'contained') return 'A containment keeps it from leaving.'
  if (suspended !== undefined) return `Its site is suspended: ${suspended.reason}.`
  const slowed = overlays.find(({ kind }) => kind === 'set')
  const slower = slowed === undefined ? '' : ` It was made slower: ${slowed.reason}.`
  switch (state) {
    case 'line':
      return `Its site takes no more at the moment${limits.length === 0 ? '' : ` (${limits.map(({ key, value }) => `${key.replaceAll('_', ' ')} ${value}`).join(', ')})`}.${slower}`
    case 'deferred':
      return `Earlier attempts did not succeed; it is tried again.${slower}`
    case 'scheduled':
      return 'Its time has not come yet.'
    case 'in flight':
      return null
    case 'ready':
      return slower === '' ? null : slower.trim()
  }
}

const WHO = { workspace: 'the workspace', operator: 'the operator', staff: 'staff' } as const

function heldBy({ holder }: CountedLine): string {
  if (holder === null) return 'Its sender or domain is new, and waits for its day.'
  const verb = holder.kind === 'pause' ? 'Paused' : holder.kind === 'expire' ? 'Held to end' : 'Held'
  return `${verb} by ${WHO[holder.origin]}: ${holder.reason}`
}
