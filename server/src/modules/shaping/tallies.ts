import type { AutomationRule, Observed } from './automation.ts'
import { evidenceText } from './overlay.ts'
import type { Evidence } from './overlay.ts'

/** Whom a rule is to act on. */
export interface Reached {
  /** Null: everybody's mail. */
  readonly workspaceId: string | null
  readonly hits: number
  /** At most 10, the newest. */
  readonly evidence: readonly Evidence[]
}

interface Tally {
  readonly times: number[]
  readonly evidence: { readonly atMs: number; readonly reply: Evidence }[]
}

/** About 6 KB each at most, so that all of them stay below 30 MB. */
const TALLIES_MAX = 5_000
const SENDERS_MAX = 100_000
export const EVIDENCE_MAX = 10

/**
 * Counts replies that rules match: of each workspace at each place from each source. In memory of one sender and bounded; what was used
 * least lately is forgotten and counted anew.
 */
export function createTallies(deps: { readonly nowMs: () => number }) {
  /** By rule, place and source; then by workspace. */
  const groups = createPairs<Tally>(TALLIES_MAX)
  /** Who sent to a place from a source, and when last. */
  const senders = createPairs<number>(SENDERS_MAX)

  return {
    /** A message of the workspace is about to go there. */
    noteSender(place: string, source: string | null, workspaceId: string): void {
      senders.set(groupKey('', place, source), workspaceId, deps.nowMs())
    },

    /**
     * Counts one reply. Answers whom the rule reaches with it, null where its threshold is not reached. `also`: workspaces that the
     * same rule has reached there already, as the database knows from other senders.
     */
    hit(rule: AutomationRule, place: string, seen: Observed, also: readonly string[]): Reached | null {
      const nowMs = deps.nowMs()
      const since = nowMs - rule.threshold.withinSeconds * 1_000
      const key = groupKey(rule.name, place, seen.source)
      const own = groups.of(key).get(seen.workspaceId) ?? { times: [], evidence: [] }
      groups.set(key, seen.workspaceId, own)
      own.times.push(nowMs)
      own.evidence.push({ atMs: nowMs, reply: evidenceOf(seen, nowMs) })
      const group = groups.of(key)
      for (const [workspaceId, tally] of group) {
        trim(tally, since, rule.threshold.count)
        if (tally.times.length === 0) groups.delete(key, workspaceId)
      }
      const hits = [...group.values()].reduce((sum, tally) => sum + tally.times.length, 0)
      const reached = [...group].flatMap(([workspaceId, tally]) =>
        tally.times.length >= rule.threshold.count ? [workspaceId] : [],
      )
      const isMany =
        new Set([...group.keys(), ...also]).size >= rule.workspaces ||
        isEverybody([...reached, ...also], senders.of(groupKey('', place, seen.source)), since)
      if (isMany && hits >= rule.threshold.count) {
        const all = [...group.values()].flatMap((tally) => tally.evidence).toSorted((a, b) => a.atMs - b.atMs)
        return { workspaceId: null, hits, evidence: all.slice(-EVIDENCE_MAX).map(({ reply }) => reply) }
      }
      if (own.times.length < rule.threshold.count) return null
      return {
        workspaceId: seen.workspaceId,
        hits: own.times.length,
        evidence: own.evidence.map(({ reply }) => reply),
      }
    },

    /** Somebody lifted what this rule had made: what led to it counts no more. */
    clear(rule: string, place: string, source: string | null): void {
      groups.clear(groupKey(rule, place, source))
    },

    size: () => groups.size() + senders.size(),
  }
}

/**
 * Whether, of two and more, all that send there were reached: then it is about the place. One alone stays one: who comes later is not
 * stopped for what it did.
 */
function isEverybody(
  reached: readonly string[],
  senders: ReadonlyMap<string, number>,
  sinceMs: number,
): boolean {
  const distinct = new Set(reached)
  if (distinct.size < 2 || senders.size === 0) return false
  return [...senders].every(([workspaceId, atMs]) => atMs < sinceMs || distinct.has(workspaceId))
}

function trim(tally: Tally, sinceMs: number, most: number): void {
  while (tally.times.length > most || (tally.times[0] ?? Infinity) < sinceMs) tally.times.shift()
  while (tally.evidence.length > EVIDENCE_MAX || (tally.evidence[0]?.atMs ?? Infinity) < sinceMs)
    tally.evidence.shift()
}

function evidenceOf(seen: Observed, nowMs: number): Evidence {
  return {
    at: new Date(nowMs).toISOString(),
    code: seen.reply.code,
    enhanced: seen.reply.enhanced ?? null,
    text: evidenceText(seen.reply.text),
    stage: seen.stage,
    lane: seen.lane,
  }
}

function groupKey(rule: string, place: string, source: string | null): string {
  return `${rule}\0${place}\0${source ?? '\0'}`
}

/** Values by group and name, so many in all; the group that was used least lately goes first. */
function createPairs<T>(most: number) {
  const groups = new Map<string, Map<string, T>>()
  const none: ReadonlyMap<string, T> = new Map()
  let size = 0

  /** The least lately used group; in the only one, its least lately used value. */
  function forget(): void {
    const [oldest] = groups
    if (oldest === undefined) return
    const [key, values] = oldest
    if (groups.size > 1) {
      groups.delete(key)
      size -= values.size
      return
    }
    const [name] = values.keys()
    if (name !== undefined && values.delete(name)) size -= 1
  }

  return {
    of: (key: string): ReadonlyMap<string, T> => groups.get(key) ?? none,
    set(key: string, name: string, value: T): void {
      const values = groups.get(key) ?? new Map<string, T>()
      groups.delete(key)
      groups.set(key, values)
      if (!values.delete(name)) size += 1
      values.set(name, value)
      while (size > most) forget()
    },
    delete(key: string, name: string): void {
      const values = groups.get(key)
      if (values?.delete(name) === true) size -= 1
      if (values?.size === 0) groups.delete(key)
    },
    clear(key: string): void {
      size -= groups.get(key)?.size ?? 0
      groups.delete(key)
    },
    size: () => size,
  }
}
