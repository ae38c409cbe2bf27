import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { LinkProps } from '@tanstack/react-router'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { changeWords } from '../../ui/change-words.ts'
import type { Tone } from '../../ui/chip.tsx'
import { SEVERITY_TONES } from '../../ui/severity.ts'
import { homeQueries, type Whose } from './home-queries.ts'

type Place = Pick<LinkProps, 'to' | 'params' | 'search'>

/** Something that wants a person. */
export interface Attention {
  readonly id: string
  readonly chip: string
  readonly tone: Tone
  readonly title: string
  readonly detail: string
  readonly at: string | null
  /** Where it is dealt with; null: nowhere in the console. */
  readonly place: Place | null
}

export interface Attentions {
  readonly items: readonly Attention[]
  readonly isPending: boolean
  /** What could not be loaded, in words. */
  readonly failed: readonly string[]
  readonly retry: () => void
}

const SHOWN = 3

/** All that wants a person, of what this one may see; the gravest first. Nothing is asked that would be refused. */
export function useAttention(whose: Whose): Attentions {
  const { api } = useSession()
  const { can, containments } = useAccess()
  const isOwn = whose === 'workspace'
  const seesMail = can(isOwn ? 'messages:read' : 'queue:read')
  const alarms = useQuery({
    ...homeQueries.alarms(api, whose),
    enabled: can(isOwn ? 'alerts:read' : 'installation-alerts:read'),
  })
  const changes = useQuery({ ...homeQueries.changes(api), enabled: isOwn && can('alerts:read') })
  const recoveries = useQuery({
    ...homeQueries.recoveries(api, whose),
    enabled: can(isOwn ? 'members:read' : 'people:read'),
  })
  const domains = useQuery({ ...homeQueries.domains(api), enabled: isOwn && can('domains:read') })
  const acts = useQuery({ ...homeQueries.pauses(api, whose), enabled: seesMail })

  const items: Attention[] = [
    ...containments.map((one): Attention => ({
      id: one.id,
      chip: 'contained',
      tone: 'bad',
      title: one.capabilities.join(', '),
      detail: `${one.scope === 'installation' ? 'The whole installation' : one.scope === 'workspace' ? 'The workspace' : `One ${one.scope}`}: ${one.reason}`,
      at: one.since,
      place: isOwn ? { to: '/security/containment' } : null,
    })),
    ...few(
      (alarms.data?.data ?? []).map((alert) => ({
        id: alert.id,
        chip: 'alarm',
        tone: SEVERITY_TONES[alert.severity],
        title: alert.text,
        detail: alert.advice,
        at: alert.lastAt,
        place: { to: '/security/alerts', search: { alert: alert.id } },
      })),
      'alarms',
      { to: '/security/alerts' },
      alarms.data?.nextCursor !== null && alarms.data !== undefined,
    ),
    ...few(
      (changes.data?.data ?? [])
        .filter(({ state, inertUntil }) => state === 'open' && inertUntil !== null)
        .map((change) => ({
          id: change.id,
          chip: 'approval',
          tone: 'warn',
          title: changeWords(change, undefined).what,
          detail:
            change.messagesHeld === 0
              ? 'It does nothing until somebody who was here before approves it, or its day is over.'
              : `${change.messagesHeld.toLocaleString('en')} messages wait for it.`,
          at: change.at,
          place: { to: '/security/approvals' },
        })),
      'approvals',
      { to: '/security/approvals' },
      false,
    ),
    ...(recoveries.data?.data.length === undefined || recoveries.data.data.length === 0
      ? []
      : [
          {
            id: 'recoveries',
            chip: 'approval',
            tone: 'warn' as const,
            title:
              recoveries.data.data.length === 1
                ? 'Somebody has lost all second factors'
                : `${recoveries.data.data.length} people have lost all second factors`,
            detail: 'Their recovery waits for approval. Speak with them first, not by mail.',
            at: null,
            place: isOwn ? { to: '/security/approvals' as const } : null,
          },
        ]),
    ...few(
      (acts.data?.data ?? [])
        .filter(({ kind, state }) => (kind === 'pause' || kind === 'hold') && state !== 'ended')
        .map((act) => ({
          id: act.id,
          chip: act.kind === 'pause' ? 'paused' : 'held',
          tone: 'warn',
          title: act.reason,
          detail: `${act.by === 'workspace' ? 'Made here' : `Made by the ${act.by === 'staff' ? 'staff' : 'operator'}`}${act.until === null ? ', until somebody ends it.' : '.'}`,
          at: act.madeAt,
          place: { to: '/operations/queue' },
        })),
      'pauses and holds',
      { to: '/operations/queue' },
      false,
    ),
    ...few(
      (domains.data?.data ?? [])
        .filter(({ state }) => state !== 'verified')
        .map((domain) => ({
          id: domain.id,
          chip: domain.state === 'failing' ? 'domain failing' : 'domain not verified',
          tone: domain.state === 'failing' ? ('bad' as const) : ('info' as const),
          title: domain.name,
          detail:
            domain.state === 'failing'
              ? 'Its DNS records are not found any more.'
              : 'Its DNS records were not found yet: nothing can be sent from it.',
          at: null,
          place: { to: '/domains/$domainId', params: { domainId: domain.id } },
        })),
      'domains',
      { to: '/domains' },
      false,
    ),
  ]

  const asked: readonly (readonly [string, UseQueryResult])[] = [
    ['alarms', alarms],
    ['approvals', changes],
    ['recoveries', recoveries],
    ['pauses', acts],
    ['domains', domains],
  ]
  const failed = asked.filter(([, query]) => query.isError && query.data === undefined)
  return {
    items,
    isPending: asked.some(([, query]) => query.isLoading),
    failed: failed.map(([name]) => name),
    retry: () => {
      for (const [, query] of failed) void query.refetch()
    },
  }
}

/** The first ones, and how many more there are. */
function few(items: readonly Attention[], words: string, list: Place, isMore: boolean): readonly Attention[] {
  const [first] = items
  if (first === undefined || items.length <= SHOWN) return items
  const rest = items.length - SHOWN
  return [
    ...items.slice(0, SHOWN),
    {
      ...first,
      id: `more ${words}`,
      tone: 'neutral',
      title: `${rest}${isMore ? ' or more' : ''} more ${words}`,
      detail: '',
      at: null,
      place: list,
    },
  ]
}
