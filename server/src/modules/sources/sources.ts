import type { Logger } from 'pino'
import { createAllowances, type Allowance } from './allowances.ts'
import { OTHER_PROVIDER, warmUpOf, type Source, type SourcePlan } from './plan.ts'
import { candidatesFor, createRouting } from './routing.ts'
import { createSmoothChoice } from './smooth-choice.ts'
import type { Pick, PickWanted, Sources } from './source-types.ts'
import type { Heard, PauseInForce, SourceSighting, SourcesStore } from './sources-store.ts'
import { createTroubleCounter } from './trouble.ts'
import { TROUBLE_RULES } from './trouble-rules.ts'

/** Pauses, routing, what was used and what was counted: told and heard this often. */
const BEAT_MS = 1_000
/** What this host makes of the file; others believe it for 30 s. */
const SIGHTING_MS = 10_000
/** Complaints come in without a reply that this sender sees. */
const JUDGE_MS = 30_000
const TRIM_MS = 3_600_000
/** How long mail waits where nobody knows how long: for an operator, and for another host to take it. */
const UNKNOWN_MS = 300_000
const ELSEWHERE_MS = 3_000
/** Mail that waits for the next day does not come back in its first second. */
const DAY_JITTER_MS = 1_800_000
const CHOICES_MAX = 5_000

export interface SourcesDependencies {
  readonly store: SourcesStore
  /** The worker_lease of this sender; null while there is none. */
  readonly leaseId: () => string | null
  readonly plan: SourcePlan
  /** Name of this host, as processes tell it. */
  readonly host: string
  readonly ownAddresses: () => { has(address: string): boolean }
  /** An address of this source left the host: no answer comes back on connections from there. */
  readonly onGone?: (source: string) => void
  readonly log: Logger
  readonly nowMs: () => number
  /** 0 to 1. */
  readonly random: () => number
  /** Milliseconds of a clock that never jumps. */
  readonly monotonicMs?: () => number
}

/**
 * Chooses where mail leaves from: see the slice's door for what holds. Resolves when pauses and routing are known.
 * Throws where the database is away from the beginning.
 */
export async function createSources(deps: SourcesDependencies): Promise<Sources> {
  const { store, log, nowMs } = deps
  const clock = deps.monotonicMs ?? (() => performance.now())
  const allowances = createAllowances({ store, leaseId: deps.leaseId, log, monotonicMs: clock })
  const trouble = createTroubleCounter({ nowMs })
  const choices = new Map<string, ReturnType<typeof createSmoothChoice>>()
  let plan = deps.plan
  let usable = new Map<string, SourceSighting>()
  /** Why a source whose address the host seems to have could not be bound, and until when it is believed. */
  const unbindable = new Map<string, { readonly cause: string; readonly untilMs: number }>()
  let pauses: readonly (PauseInForce & { readonly endsAtMs: number })[] = []
  let poolsAnywhere: ReadonlySet<string> = new Set()
  let routing = createRouting([])
  let routingVersion = -1
  let sightedAtMs = -Infinity
  let judgedAtMs = clock()
  let trimmedAtMs = clock()
  let isFailing = false
  let closing = false
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    const own = deps.ownAddresses()
    const before = usable
    for (const [name, { untilMs }] of unbindable) if (untilMs <= clock()) unbindable.delete(name)
    usable = new Map(
      plan.sources.map((source) => [
        source.name,
        sightingOf(source, own, unbindable.get(source.name)?.cause),
      ]),
    )
    for (const was of before.values())
      if (was.usable && was.addresses.some((address) => !own.has(address))) deps.onGone?.(was.source)
  }

  function hear(heard: Heard, askedAtMs: number): void {
    const before = keyOfPauses(pauses)
    pauses = heard.pauses.map((pause) => ({
      ...pause,
      endsAtMs: pause.endsMs === null ? Infinity : askedAtMs + pause.endsMs,
    }))
    if (keyOfPauses(pauses) !== before) allowances.forget()
    poolsAnywhere = new Set(heard.pools)
  }

  async function beat(): Promise<void> {
    const now = clock()
    const isTelling = now - sightedAtMs >= SIGHTING_MS
    if (isTelling) look()
    const heard = await store.beat(deps.host, isTelling ? [...usable.values()] : null)
    if (isTelling) sightedAtMs = now
    hear(heard, now)
    if (heard.routing !== routingVersion) {
      routing = createRouting(await store.readRouting())
      routingVersion = heard.routing
    }
    await allowances.tell()
    await judge(now)
    if (now - trimmedAtMs < TRIM_MS) return
    trimmedAtMs = now
    await store.trim()
  }

  async function judge(now: number): Promise<void> {
    if (trouble.isEmpty() && (plan.warmUps.length === 0 || now - judgedAtMs < JUDGE_MS)) return
    judgedAtMs = now
    for (const { source, provider, reason } of await store.judge(trouble.take(), TROUBLE_RULES))
      log.warn({ source, provider, reason }, 'A source that warms up rests at a provider')
  }

  async function run(): Promise<void> {
    try {
      await beat()
      if (isFailing) log.info('Sources are told and heard of again')
      isFailing = false
    } catch (error) {
      if (!isFailing)
        log.warn({ err: error }, 'Nothing is heard of sources; what was known of them still holds')
      isFailing = true
    }
    if (closing) return
    timer = setTimeout(() => {
      running = run()
    }, BEAT_MS)
    timer.unref()
  }

  function pauseOf(source: string, provider: string): (typeof pauses)[number] | undefined {
    const now = clock()
    return pauses.find(
      (pause) =>
        pause.source === source &&
        (pause.provider === null || pause.provider === provider) &&
        pause.endsAtMs > now,
    )
  }

  function choiceOf(key: string): ReturnType<typeof createSmoothChoice> {
    const known = choices.get(key)
    if (known !== undefined) return known
    if (choices.size >= CHOICES_MAX) choices.clear()
    const made = createSmoothChoice()
    choices.set(key, made)
    return made
  }

  async function pick(wanted: PickWanted): Promise<Pick> {
    const found = candidatesFor(
      plan,
      routing(wanted.workspaceId, wanted.lane),
      wanted.lane,
      (source) => usable.get(source.name)?.usable === true,
      poolsAnywhere,
    )
    if (found.kind === 'here') return pickOf(found.pool, found.sources, wanted)
    const forMs =
      found.kind === 'elsewhere' ? ELSEWHERE_MS * (1 + deps.random()) : UNKNOWN_MS * (0.5 + deps.random())
    const reason =
      found.kind === 'elsewhere'
        ? `the sources of the pool "${found.pool}" are on other hosts`
        : `no live host has a source of the pool "${found.pool}": its addresses are on none of them`
    return { kind: 'wait', untilMs: nowMs() + forMs, reason }
  }

  async function pickOf(pool: string, sources: readonly Source[], wanted: PickWanted): Promise<Pick> {
    const provider = wanted.provider ?? OTHER_PROVIDER
    const choose = choiceOf(`${pool} ${provider}`)
    const reasons: string[] = []
    let untilMs = Infinity
    let left = sources.filter((source) => {
      const pause = pauseOf(source.name, provider)
      if (pause === undefined) return true
      reasons.push(`source ${source.name} rests: ${pause.reason}`)
      untilMs = Math.min(untilMs, nowMs() + Math.min(UNKNOWN_MS, pause.endsAtMs - clock()))
      return false
    })
    for (;;) {
      const source = choose(left)
      if (source === undefined) break
      const warmUp = warmUpOf(plan, source.name, provider)
      if (warmUp === null) return { kind: 'source', source, receipt: null }
      const allowance = await allowances.take(warmUp, provider, wanted.workspaceId)
      if (allowance.kind === 'granted') return { kind: 'source', source, receipt: allowance.receipt }
      reasons.push(`source ${source.name} ${allowance.reason}`)
      untilMs = Math.min(untilMs, untilOf(allowance))
      left = left.filter((item) => item !== source)
    }
    return { kind: 'wait', untilMs, reason: reasons.join('; ') }
  }

  function untilOf(allowance: Extract<Allowance, { kind: 'none' }>): number {
    const endsMs = allowance.endsMs ?? UNKNOWN_MS
    if (allowance.isDay) return nowMs() + endsMs + deps.random() * DAY_JITTER_MS
    // A pause may be lifted before its time.
    return nowMs() + Math.min(endsMs, UNKNOWN_MS) + deps.random() * 1_000
  }

  look()
  await beat()
  timer = setTimeout(() => {
    running = run()
  }, BEAT_MS)
  timer.unref()
  let running: Promise<void> = Promise.resolve()

  return {
    pick,
    giveBack: (receipt) => allowances.giveBack(receipt),
    observe(reply) {
      const provider = reply.provider ?? OTHER_PROVIDER
      if (reply.code < 400 || warmUpOf(plan, reply.source, provider) === null) return
      trouble.count(provider, reply)
    },
    couldNotBind({ name }, cause) {
      if (usable.get(name)?.usable !== true) return
      log.warn(
        { source: name, cause },
        'A source cannot be used on this host: the others of its pool take its mail',
      )
      unbindable.set(name, { cause, untilMs: clock() + SIGHTING_MS })
      look()
      // The other hosts hear of it with the next beat.
      sightedAtMs = -Infinity
    },
    replacePlan(next) {
      plan = next
      unbindable.clear()
      choices.clear()
      look()
      sightedAtMs = -Infinity
    },
    state: () => ({
      sources: plan.sources.length,
      usable: [...usable.values()].filter((item) => item.usable).length,
      pauses: pauses.length,
      isFailing,
    }),
    async [Symbol.asyncDispose]() {
      closing = true
      clearTimeout(timer)
      await running
      await allowances
        .end()
        .catch((error: unknown) =>
          log.warn({ err: error }, 'What was not used of warm-ups was not given back'),
        )
    },
  }
}

function sightingOf(
  source: Source,
  own: { has(address: string): boolean },
  bindFailure: string | undefined,
): SourceSighting {
  const addresses = [source.ipv4, source.ipv6].filter((item) => item !== undefined)
  const missing = addresses.filter((address) => !own.has(address))
  const why =
    missing.length > 0
      ? `this host has no interface with ${missing.join(' and ')}`
      : bindFailure === undefined
        ? null
        : `this host cannot use its address: ${bindFailure}`
  return {
    source: source.name,
    ehlo: source.ehloName,
    addresses,
    weight: source.weight,
    pools: source.pools,
    usable: why === null,
    why,
  }
}

function keyOfPauses(pauses: readonly PauseInForce[]): string {
  return pauses.map((pause) => `${pause.source} ${pause.provider ?? '*'} ${pause.reason}`).join('\n')
}
