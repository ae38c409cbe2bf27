import { LANES } from '../../kernel/lane.ts'
import type { Lane } from '../../kernel/lane.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { countBatch } from './queue-store.ts'
import type { CountQuestion, CountedBatch, CountedGroup, ExampleRow, Place } from './queue-store.ts'

/** A statement looks at this many rows; a million rows take two to ten seconds of them, by how much is looked up for each. */
const BATCH_ROWS = 20_000

/** What an act shows of what it would touch. */
const EXAMPLES = 5

/** What a number of recipients have in common. */
export interface Tally {
  recipients: number
  oldestDue: string | null
}

/** Recipients that wait for the same reason at the same place. */
export interface CountedLine extends Tally {
  readonly lane: Lane
  readonly site: string | null
  readonly provider: string | null
  readonly pool: string
  readonly state: string
  readonly holder: CountedGroup['holder']
  /** UUIDv7 of the oldest message. */
  oldestMessage: string
}

export interface Counted {
  /** False: the time was up, and every number is the least that it can be. */
  readonly isComplete: boolean
  /** What the act would touch. */
  readonly applies: Tally
  /** What the filter names and the act leaves alone, by state. */
  readonly spared: ReadonlyMap<string, Tally>
  readonly byState: ReadonlyMap<string, Tally & { readonly lane: Lane; readonly state: string }>
  readonly bySite: ReadonlyMap<
    string,
    Tally & { readonly lane: Lane; readonly site: string | null; readonly provider: string | null }
  >
  readonly byLine: ReadonlyMap<string, CountedLine>
  readonly examples: readonly (ExampleRow & { readonly lane: Lane })[]
  readonly byWorkspace: ReadonlyMap<string, Tally & { readonly workspaceId: string; readonly lane: Lane }>
}

/**
 * Counts what a filter names, in batches of bounded statements, until everything was looked at or `budgetMs` milliseconds are over.
 * The batches are no one snapshot: what moves meanwhile is counted as it was met, and no row is counted twice.
 */
export async function countQueue(
  read: <T>(work: (db: TenantDatabase) => Promise<T>) => Promise<T>,
  question: CountQuestion,
  budgetMs: number,
  batchRows = BATCH_ROWS,
): Promise<Counted> {
  const applies: Tally = { recipients: 0, oldestDue: null }
  const spared = new Map<string, Tally>()
  const byState = new Map<string, Tally & { lane: Lane; state: string }>()
  const bySite = new Map<string, Tally & { lane: Lane; site: string | null; provider: string | null }>()
  const byWorkspace = new Map<string, Tally & { workspaceId: string; lane: Lane }>()
  const byLine = new Map<string, CountedLine>()
  const examples: (ExampleRow & { lane: Lane })[] = []
  const deadline = performance.now() + budgetMs
  const counted = (isComplete: boolean): Counted => ({
    isComplete,
    applies,
    spared,
    byState,
    bySite,
    byLine,
    examples,
    byWorkspace,
  })

  function add(lane: Lane, group: CountedGroup): void {
    const { state, site, provider, workspace: workspaceId } = group
    if (!group.applies) {
      addTo(spared, state, { recipients: 0, oldestDue: null }, group)
      return
    }
    sum(applies, group)
    addTo(byState, `${lane} ${state}`, { recipients: 0, oldestDue: null, lane, state }, group)
    addTo(bySite, `${lane} ${site ?? ''}`, { recipients: 0, oldestDue: null, lane, site, provider }, group)
    const line = addTo(
      byLine,
      [lane, site ?? '', group.pool, state, group.holder?.act ?? ''].join('\n'),
      {
        recipients: 0,
        oldestDue: null,
        lane,
        site,
        provider,
        pool: group.pool,
        state,
        holder: group.holder,
        oldestMessage: group.first,
      },
      group,
    )
    if (group.first < line.oldestMessage) line.oldestMessage = group.first
    addTo(byWorkspace, `${lane} ${workspaceId}`, { recipients: 0, oldestDue: null, workspaceId, lane }, group)
  }

  const nextBatch = (lane: Lane, after: Place | null): Promise<CountedBatch> =>
    read((db) => countBatch(db, question, lane, after, batchRows))

  const { lanes } = question.filter
  for (const lane of LANES) {
    if (lanes !== undefined && !lanes.includes(lane)) continue
    let after: Place | null = null
    for (;;) {
      const batch = await nextBatch(lane, after)
      for (const group of batch.groups) add(lane, group)
      for (const example of batch.examples)
        if (examples.length < EXAMPLES) examples.push({ ...example, lane })
      if (batch.scanned < batchRows) break
      if (performance.now() > deadline) return counted(false)
      after = batch.after
    }
  }
  return counted(true)
}

function addTo<T extends Tally>(into: Map<string, T>, key: string, fresh: T, group: CountedGroup): T {
  const found = into.get(key) ?? fresh
  sum(found, group)
  into.set(key, found)
  return found
}

function sum(tally: Tally, group: CountedGroup): void {
  const oldest = new Date(group.oldest).toISOString()
  tally.recipients += group.recipients
  if (tally.oldestDue === null || oldest < tally.oldestDue) tally.oldestDue = oldest
}
