import type { Lane } from '../../kernel/lane.ts'
import type { Setting } from './limits.ts'
import type { Pattern } from './pattern.ts'

export const ACTIONS = ['suspend-workspace', 'suspend-site', 'set', 'ignore'] as const
export type Action = (typeof ACTIONS)[number]

/** Who is to blame for a reply, as delivery classifies it. */
export const REPLY_CLASSES = [
  'recipient',
  'mailbox',
  'policy',
  'reputation',
  'content',
  'infrastructure',
  'protocol',
] as const

/** `[[automation]]`: what is done when replies of a site say something. */
export interface AutomationRule {
  readonly name: string
  /** Where it was written, such as `shipped:12`. */
  readonly where: string
  /** Null: whatever the provider. */
  readonly providers: readonly string[] | null
  readonly sites: readonly string[] | null
  readonly domains: readonly string[] | null
  readonly codes: readonly number[] | null
  /** Enhanced codes such as `4.7.28`, or beginnings of them such as `4.7.*`. */
  readonly enhanced: readonly string[] | null
  /** One of them is enough. */
  readonly match: readonly Pattern[] | null
  readonly classes: readonly string[] | null
  readonly stages: readonly string[] | null
  readonly lanes: readonly Lane[] | null
  readonly threshold: { readonly count: number; readonly withinSeconds: number }
  readonly actions: readonly Action[]
  /** What action `set` sets, for as long as the overlay lasts. */
  readonly settings: readonly Setting[]
  /** How long an overlay lasts; seconds. */
  readonly durationSeconds: number
  /** Whether an overlay holds for the site or for all sites of the provider. */
  readonly at: 'site' | 'provider'
  /** With `suspend-workspace`: so many workspaces, hit within the threshold's time, suspend the place for all. */
  readonly workspaces: number
  /** What people read. */
  readonly reason: string
}

/** A reply of the other side, and in what it was given. */
export interface Observed {
  readonly site: string
  readonly provider: string | null
  /** Name of the source, or null for the default route. */
  readonly source: string | null
  readonly workspaceId: string
  readonly lane: Lane
  readonly domain?: string
  readonly reply: { readonly code: number; readonly enhanced?: string | undefined; readonly text: string }
  readonly stage: string
  readonly class: string
}

/** Whether everything that a rule asks for holds of a reply. */
export function matches(rule: AutomationRule, seen: Observed): boolean {
  return (
    has(rule.providers, seen.provider) &&
    has(rule.sites, seen.site) &&
    has(rule.domains, seen.domain ?? null) &&
    has(rule.codes, seen.reply.code) &&
    has(rule.classes, seen.class) &&
    has(rule.stages, seen.stage) &&
    has(rule.lanes, seen.lane) &&
    (rule.enhanced === null || rule.enhanced.some((each) => isEnhanced(each, seen.reply.enhanced ?? ''))) &&
    (rule.match === null || rule.match.some((pattern) => pattern.test(seen.reply.text)))
  )
}

/** The first rule decides; a rule with `ignore` keeps later ones from acting. */
export function firstMatch(rules: readonly AutomationRule[], seen: Observed): AutomationRule | null {
  return rules.find((rule) => matches(rule, seen)) ?? null
}

function has<T>(wanted: readonly T[] | null, value: T | null): boolean {
  return wanted === null || (value !== null && wanted.includes(value))
}

function isEnhanced(wanted: string, code: string): boolean {
  return wanted.endsWith('*') ? code.startsWith(wanted.slice(0, -1)) : code === wanted
}
