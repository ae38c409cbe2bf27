import type { SourceReply } from './source-types.ts'
import type { TroubleTally } from './sources-store.ts'
import { troubleRuleOf } from './trouble-rules.ts'

const EVIDENCE_MAX = 10
const WORKSPACES_MAX = 16
const SITES_MAX = 16
const PAIRS_MAX = 2_000
const TEXT_MAX = 300
const SITE_CHARS_MAX = 200

interface Tally {
  readonly source: string
  readonly provider: string
  readonly rule: string
  hits: number
  readonly workspaceIds: Set<string>
  readonly sites: Set<string>
  readonly evidence: Record<string, unknown>[]
}

/** Counts replies that speak against warming sources until they are told to the database. Bounded. */
export function createTroubleCounter(deps: { readonly nowMs: () => number }) {
  let tallies = new Map<string, Tally>()
  return {
    count(provider: string, reply: SourceReply): void {
      const rule = troubleRuleOf(reply)
      if (rule === null) return
      const key = `${reply.source} ${provider} ${rule.name}`
      let tally = tallies.get(key)
      if (tally === undefined) {
        if (tallies.size >= PAIRS_MAX) return
        tally = {
          source: reply.source,
          provider,
          rule: rule.name,
          hits: 0,
          workspaceIds: new Set(),
          sites: new Set(),
          evidence: [],
        }
        tallies.set(key, tally)
      }
      tally.hits += 1
      if (tally.workspaceIds.size < WORKSPACES_MAX) tally.workspaceIds.add(reply.workspaceId)
      if (tally.sites.size < SITES_MAX) tally.sites.add((reply.site ?? '').slice(0, SITE_CHARS_MAX))
      if (tally.evidence.length >= EVIDENCE_MAX) return
      tally.evidence.push({
        at: new Date(deps.nowMs()).toISOString(),
        rule: rule.name,
        code: reply.code,
        enhanced: reply.enhanced,
        text: withoutAddresses(reply.text),
      })
    },
    isEmpty: () => tallies.size === 0,
    /** What was counted since the last call. */
    take(): TroubleTally[] {
      const taken = [...tallies.values()]
      tallies = new Map()
      return taken.map((tally) => ({
        ...tally,
        workspaceIds: [...tally.workspaceIds],
        sites: [...tally.sites],
      }))
    },
  }
}

/** Evidence is kept and shown to operators, who may not see whom a workspace writes to. */
function withoutAddresses(text: string): string {
  return text
    .slice(0, TEXT_MAX * 4)
    .replaceAll(/[^\s<>()"',;:]{1,64}@[^\s<>()"',;:]{1,255}/g, '(address)')
    .slice(0, TEXT_MAX)
}
