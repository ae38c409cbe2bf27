import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { LinkReference } from '../../security/references/index.ts'
import { judgeFetch } from './fetch-rules.ts'
import type { FetchFacts } from './fetch-rules.ts'
import { findLinkFacts, noteLinks } from './tracking-store.ts'
import type { LinkFactsRow, NotedFetch } from './tracking-store.ts'

/** How a picture or link was fetched. */
export interface Fetch {
  readonly method: string
  readonly userAgent: string
  readonly purpose: string
}

export interface FetchRecorder extends AsyncDisposable {
  /** Takes a fetch in; never waits and never throws. */
  record(reference: FetchedReference, fetch: Fetch): void
  /** Judges and writes what is due, or with `now` everything; for the loop, for tests and for the end of the process. */
  flush(now?: boolean): Promise<void>
  /** How many entries wait, and how many fetches were dropped. */
  state(): { readonly waiting: number; readonly dropped: number }
}

export type FetchedReference = Extract<LinkReference, { kind: 'open' | 'click' }>

/** Who fetches all links of a message is seen only after the last: fetches are judged this long after they were answered. */
const JUDGE_AFTER_MS = 5_000
const AT_ONCE_MS = 10_000
const FLUSH_EVERY_MS = 1_000
const BATCH = 200
/** Different fetches that wait; a hundred bytes each. Fetches of the same kind are one entry with a count. */
const WAITING_MAX = 10_000
/** Kinds of fetch (user agent, method) of one link that are told apart between two flushes: user agents are free to invent. */
const KINDS_OF_ONE_MAX = 4
const RETRY_MAX_MS = 60_000
const URL_SHOWN_MAX = 300

interface Entry {
  readonly reference: FetchedReference
  readonly fetch: Fetch
  readonly atMs: number
  count: number
}

/**
 * Fetches on their way into the database. They are answered before they come here, so a database that is away delays nobody: entries wait
 * in memory, bounded, and are written when it is back. What a process that is killed had not written is lost; opens are no ledger.
 */
export function createFetchRecorder(deps: {
  readonly pool: Queryable
  readonly log: Logger
  readonly newId: () => string
  readonly nowMs: () => number
  /** Default 5 s. */
  readonly judgeAfterMs?: number
}): FetchRecorder {
  const waiting = new Map<string, Entry>()
  const kinds = new Map<string, number>()
  let dropped = 0
  let failures = 0
  let resumeAtMs = 0
  let running: Promise<void> = Promise.resolve()

  function record(reference: FetchedReference, fetch: Fetch): void {
    const link = linkOf(reference)
    const key = JSON.stringify([link, fetch.method, fetch.purpose, fetch.userAgent])
    const known = waiting.get(key)
    if (known !== undefined) {
      known.count += 1
      return
    }
    const kindsHere = kinds.get(link) ?? 0
    if (kindsHere >= KINDS_OF_ONE_MAX || waiting.size >= WAITING_MAX) {
      dropped += 1
      if (dropped === 1 || dropped % 10_000 === 0)
        deps.log.warn(
          { dropped },
          'Fetches of links come faster than they can be written; some are not counted',
        )
      return
    }
    kinds.set(link, kindsHere + 1)
    waiting.set(key, { reference, fetch, atMs: deps.nowMs(), count: 1 })
  }

  async function flushDue(everything: boolean): Promise<void> {
    const nowMs = deps.nowMs()
    if (!everything && nowMs < resumeAtMs) return
    const dueMs = nowMs - (deps.judgeAfterMs ?? JUDGE_AFTER_MS)
    const due = [...waiting].filter(([, entry]) => everything || entry.atMs <= dueMs)
    const neighbours = createNeighbours([...waiting.values()])
    for (let at = 0; at < due.length; at += BATCH) await write(due.slice(at, at + BATCH), neighbours)
  }

  async function write(batch: readonly (readonly [string, Entry])[], neighbours: Neighbours): Promise<void> {
    // What comes while this is being written is counted with it, or is an entry of its own after.
    const counted = batch.map(([, entry]) => entry.count)
    try {
      const facts = await findLinkFacts(
        deps.pool,
        batch.map(([, { reference }]) => ({
          messageId: reference.messageId,
          number: reference.recipient ?? 0,
        })),
      )
      await noteLinks(
        deps.pool,
        batch.map(([, entry], place) =>
          noted(deps.newId(), entry, counted[place] ?? 1, facts[place], neighbours),
        ),
      )
    } catch (error) {
      failures += 1
      resumeAtMs = deps.nowMs() + Math.min(RETRY_MAX_MS, FLUSH_EVERY_MS * 2 ** Math.min(failures, 6))
      if (failures === 1)
        deps.log.warn(
          { err: error, waiting: waiting.size },
          'Opens and clicks could not be written; they wait',
        )
      throw error
    }
    if (failures > 0) deps.log.info({ waiting: waiting.size }, 'Opens and clicks are written again')
    failures = 0
    batch.forEach(([key, entry], place) => {
      entry.count -= counted[place] ?? 1
      if (entry.count > 0) return
      waiting.delete(key)
      const link = linkOf(entry.reference)
      const left = (kinds.get(link) ?? 1) - 1
      if (left <= 0) kinds.delete(link)
      else kinds.set(link, left)
    })
  }

  async function flush(now = false): Promise<void> {
    // One after the other, however many ask: an entry must not be written twice.
    const mine = running.catch(() => undefined).then(() => flushDue(now))
    running = mine
    await mine
  }

  const timer = setInterval(() => {
    // Said in the log where it happens.
    flush().catch(() => undefined)
  }, FLUSH_EVERY_MS)
  timer.unref()

  return {
    record,
    flush,
    state: () => ({ waiting: waiting.size, dropped }),
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flush(true).catch((error: unknown) =>
        deps.log.warn({ err: error, lost: waiting.size }, 'Opens and clicks were not written before the end'),
      )
    },
  }
}

function noted(
  eventId: string,
  entry: Entry,
  fetched: number,
  row: LinkFactsRow | undefined,
  neighbours: Neighbours,
): NotedFetch {
  const { reference } = entry
  const verdict = judgeFetch(factsOf(entry, neighbours.of(entry), row))
  return {
    eventId,
    workspaceId: reference.workspaceId,
    messageId: reference.messageId,
    number: reference.recipient ?? 0,
    kind: reference.kind,
    link: reference.kind === 'click' ? reference.link : 0,
    by: verdict.by,
    fetched,
    detail: {
      by: verdict.by,
      because: verdict.because,
      ...(reference.kind === 'click' ? { link: reference.link, url: shownUrl(reference.url) } : {}),
    },
  }
}

function factsOf(entry: Entry, near: Near, row: LinkFactsRow | undefined): FetchFacts {
  const { reference, fetch } = entry
  const deliveredAt = row?.delivered_at ?? null
  const opened = row?.opened === true || near.opened
  return {
    kind: reference.kind,
    ...fetch,
    secondsAfterDelivery: deliveredAt === null ? null : (entry.atMs - deliveredAt.getTime()) / 1_000,
    linksAtOnce: near.links,
    links: reference.kind === 'click' ? reference.links : 0,
    openBefore: reference.kind === 'click' && reference.opens ? opened : null,
  }
}

/** What was fetched of a message at about the same time: how many of its links, and whether it was opened. */
interface Near {
  readonly links: number
  readonly opened: boolean
}

interface Neighbours {
  of(entry: Entry): Near
}

/** Looked at once for each message and second: a message has a thousand links, and whoever fetches all of them does so in one. */
function createNeighbours(entries: readonly Entry[]): Neighbours {
  const byMessage = Map.groupBy(entries, (entry) => messageOf(entry.reference))
  const found = new Map<string, Near>()
  return {
    of({ reference, atMs }) {
      const message = messageOf(reference)
      const second = Math.floor(atMs / 1_000)
      const key = `${message} ${second}`
      const known = found.get(key)
      if (known !== undefined) return known
      const middleMs = second * 1_000 + 500
      const links = new Set<number>()
      let opened = false
      for (const other of byMessage.get(message) ?? []) {
        if (Math.abs(other.atMs - middleMs) > AT_ONCE_MS) continue
        if (other.reference.kind === 'click') links.add(other.reference.link)
        else opened = true
      }
      const near = { links: links.size, opened }
      found.set(key, near)
      return near
    },
  }
}

function messageOf(reference: FetchedReference): string {
  return `${reference.messageId} ${reference.recipient ?? 0}`
}

function linkOf(reference: FetchedReference): string {
  return `${messageOf(reference)} ${reference.kind} ${reference.kind === 'click' ? reference.link : 0}`
}

/**
 * A target as events show it: host and path. What stands behind the ? and the # is often a person (an address, a token that signs in), and
 * so are parts of a path that hold an @; they are left out.
 */
export function shownUrl(target: string): string {
  const { origin, pathname } = new URL(target)
  const path = pathname
    .split('/')
    .map((part) => (/@|%40/i.test(part) ? '…' : part))
    .join('/')
  return `${origin}${path}`.slice(0, URL_SHOWN_MAX)
}
