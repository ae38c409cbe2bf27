import { runLoop } from '../../platform/loop/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { firstMatch } from './automation.ts'
import type { AutomationRule, Observed } from './automation.ts'
import type { Limits } from './limits.ts'
import { holdsAt, keyOf, overlaid } from './overlay.ts'
import type { Overlay, OverlayPlace, Suspension } from './overlay.ts'
import type { OverlayStore } from './overlay-store.ts'
import type { Rules } from './rules.ts'
import { createTallies, EVIDENCE_MAX } from './tallies.ts'
import type { Reached } from './tallies.ts'

export interface OverlayDependencies {
  readonly store: OverlayStore
  readonly log: Logger
  /** The rules in force; asked each time. */
  readonly rules: () => Rules
  /** A clock of the day, in milliseconds. */
  readonly nowMs: () => number
  readonly newId: () => string
  /** How often what other senders learnt is fetched; default 1 s. */
  readonly refreshMs?: number
}

/** A suspension and whose mail it stops. */
export interface SuspensionOf extends Suspension {
  /** Null: everybody's. */
  readonly workspaceId: string | null
}

/** What was learnt from replies, shared by all senders through the database. */
export interface Overlays extends AsyncDisposable {
  /** Whether mail of a workspace may not go to a place now. Ask before each attempt: it also tells who sends there. */
  suspension(where: OverlayPlace & { readonly workspaceId: string }): Suspension | null
  /** Everything that is suspended at a place, for claims. */
  suspensionsAt(where: OverlayPlace): readonly SuspensionOf[]
  /** The limits with what was learnt; never looser than they were. */
  limits(where: OverlayPlace, limits: Limits): Limits
  /** A reply of 4xx or 5xx. Cheap where no rule matches; what follows is in force at once here, and within 2 seconds everywhere. */
  observe(seen: Observed): void
  /** Resolves when what was learnt is written and what others learnt is known. Throws where the database is away. */
  settle(): Promise<void>
  /** How much of it there is in memory: in force, not written yet, counted. */
  state(): { readonly overlays: number; readonly unwritten: number; readonly counted: number }
}

const REFRESH_MS = 1_000
const UNWRITTEN_MAX = 1_000
/** As many as the database has in force at most. */
const KNOWN_MAX = 10_000

interface Unwritten {
  readonly overlay: Overlay
  readonly seconds: number
}

/**
 * Overlays of one sender. What it learns holds here at once, whether or not the database answers, and is written as soon as it does; what
 * is in force elsewhere is fetched every second.
 */
export function createOverlays(deps: OverlayDependencies): Overlays {
  const { store, log, nowMs } = deps
  const tallies = createTallies({ nowMs })
  const unwritten = new Map<string, Unwritten>()
  let known = new Map<string, Overlay>()
  let byPlace = new Map<string, Overlay[]>()
  let working: Promise<void> = Promise.resolve()
  const stop = new AbortController()

  function index(): void {
    byPlace = Map.groupBy(known.values(), (overlay) => `${overlay.at} ${overlay.place}`)
  }

  function at(where: OverlayPlace): Overlay[] {
    if (known.size === 0) return []
    const now = nowMs()
    const ofProvider = where.provider === null ? undefined : byPlace.get(`provider ${where.provider}`)
    const ofSite = byPlace.get(`site ${where.site}`)
    if (ofSite === undefined && ofProvider === undefined) return []
    return [...(ofSite ?? []), ...(ofProvider ?? [])].filter(
      (overlay) => overlay.untilMs > now && holdsAt(overlay, where),
    )
  }

  function learn(rule: AutomationRule, seen: Observed): void {
    const place = rule.at === 'site' ? seen.site : seen.provider
    if (place === null) return
    const reached = tallies.hit(rule, place, seen, hitElsewhere(rule, place, seen.source))
    if (reached === null) return
    for (const action of rule.actions) {
      if (action === 'ignore') continue
      const ofOne = action === 'suspend-workspace' ? reached.workspaceId : null
      put(rule, action === 'set' ? 'set' : 'suspend', place, seen.source, ofOne, reached)
    }
  }

  /** Workspaces that the rule has suspended there already, wherever that was noticed. */
  function hitElsewhere(rule: AutomationRule, place: string, source: string | null): string[] {
    return (byPlace.get(`${rule.at} ${place}`) ?? []).flatMap((overlay) =>
      overlay.rule === rule.name &&
      overlay.source === source &&
      overlay.workspaceId !== null &&
      overlay.untilMs > nowMs()
        ? [overlay.workspaceId]
        : [],
    )
  }

  function put(
    rule: AutomationRule,
    kind: Overlay['kind'],
    place: string,
    source: string | null,
    workspaceId: string | null,
    reached: Reached,
  ): void {
    const names = { kind, rule: rule.name, at: rule.at, place, source, workspaceId }
    const key = keyOf(names)
    const [before, waiting] = [known.get(key), unwritten.get(key)]
    const isNew = before === undefined || before.untilMs <= nowMs()
    const overlay: Overlay = {
      ...names,
      id: isNew ? deps.newId() : before.id,
      settings: kind === 'set' ? rule.settings : [],
      reason: rule.reason,
      // A row that is there counts the replies that are new to it: this one, and those that still wait to be written.
      evidence: isNew
        ? reached.evidence
        : [...(waiting?.overlay.evidence ?? []), ...reached.evidence.slice(-1)].slice(-EVIDENCE_MAX),
      hits: isNew ? reached.hits : (waiting?.overlay.hits ?? 0) + 1,
      untilMs: nowMs() + rule.durationSeconds * 1_000,
    }
    known.set(key, overlay)
    unwritten.delete(key)
    unwritten.set(key, { overlay, seconds: rule.durationSeconds })
    keepNewest(unwritten, UNWRITTEN_MAX)
    keepNewest(known, KNOWN_MAX)
    index()
    if (!isNew) return
    log.warn(
      {
        overlay: overlay.id,
        rule: rule.name,
        kind,
        place,
        source,
        workspace: workspaceId,
        hits: overlay.hits,
      },
      workspaceId === null
        ? 'Replies of a site lead to an overlay'
        : 'Replies of a site suspend a workspace there',
    )
    work().catch(() => undefined)
  }

  /** One after the other: what is fetched always knows what was written before. */
  function work(): Promise<void> {
    working = working
      .catch(() => undefined)
      .then(async () => {
        await write()
        await fetch()
      })
    return working
  }

  async function write(): Promise<void> {
    for (const [key, entry] of unwritten) {
      const id = await store.put(entry.overlay, entry.seconds)
      const now = known.get(key)
      // What came while it was written is written next.
      if (unwritten.get(key) === entry) unwritten.delete(key)
      if (id === null) known.delete(key)
      else if (now !== undefined) known.set(key, { ...now, id })
    }
  }

  async function fetch(): Promise<void> {
    const rows = await store.active()
    const now = nowMs()
    const next = new Map<string, Overlay>()
    for (const { remainingMs, ...row } of rows)
      next.set(keyOf(row), { ...row, evidence: [], untilMs: now + remainingMs })
    for (const [key, overlay] of known) {
      if (unwritten.has(key)) next.set(key, overlay)
      // It was in force and is not, before its time: somebody lifted it.
      else if (!next.has(key) && overlay.untilMs > now + 1_000)
        tallies.clear(overlay.rule, overlay.place, overlay.source)
    }
    known = next
    index()
  }

  const loop = runLoop({
    name: 'overlays',
    everyMs: deps.refreshMs ?? REFRESH_MS,
    log,
    signal: stop.signal,
    round: async () => {
      await work()
      return undefined
    },
  })

  return {
    suspension(where) {
      tallies.noteSender(where.site, where.source, where.workspaceId)
      if (where.provider !== null) tallies.noteSender(where.provider, where.source, where.workspaceId)
      let longest: Overlay | null = null
      for (const overlay of at(where)) {
        if (overlay.kind !== 'suspend') continue
        if (overlay.workspaceId !== null && overlay.workspaceId !== where.workspaceId) continue
        if (longest === null || overlay.untilMs > longest.untilMs) longest = overlay
      }
      return longest === null ? null : suspensionOf(longest)
    },
    suspensionsAt: (where) =>
      at(where).flatMap((overlay) =>
        overlay.kind === 'suspend' ? [{ ...suspensionOf(overlay), workspaceId: overlay.workspaceId }] : [],
      ),
    limits: (where, limits) =>
      overlaid(
        limits,
        at(where).filter((overlay) => overlay.kind === 'set'),
      ),
    observe(seen) {
      if (seen.reply.code < 400) return
      const rule = firstMatch(deps.rules().automation, seen)
      if (rule !== null) learn(rule, seen)
    },
    settle: work,
    state: () => ({ overlays: known.size, unwritten: unwritten.size, counted: tallies.size() }),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await loop
      // What was learnt last is worth one more try.
      if (unwritten.size > 0) await work().catch(() => undefined)
      await working.catch(() => undefined)
    },
  }
}

/** Drops what was put in first. */
function keepNewest(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return
    map.delete(oldest)
  }
}

function suspensionOf(overlay: Overlay): Suspension {
  return { untilMs: overlay.untilMs, overlayId: overlay.id, reason: overlay.reason }
}
