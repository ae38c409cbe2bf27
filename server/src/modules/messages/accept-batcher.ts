import { Fault } from '../../kernel/faults.ts'

/** One sealed message on its way into a batch; `bytes` is what it adds to the statement. */
export interface BatchItem {
  readonly workspaceId: string
  readonly bytes: number
  readonly rows: number
}

export interface BatcherOptions<Item extends BatchItem, Result> {
  /** Commits the items in one transaction and answers one result each, in order. */
  commit(items: readonly Item[]): Promise<readonly Result[]>
  /** Whether a failure belongs to one poisoned item, so that the others deserve a commit of their own. */
  isItemError(error: unknown): boolean
  readonly itemsMax: number
  readonly bytesMax: number
  readonly rowsMax: number
  readonly commitsAtOnce: number
  /** How long a batch waits for company once more than one item came with the last. */
  readonly gatherMs: number
  /** Bound on what waits; beyond it a workspace that holds more than half of it is told to slow down, then everybody. */
  readonly waitingMax: number
  readonly waitingBytesMax: number
}

export interface Batcher<Item, Result> {
  /** Resolves after the commit that holds the item. */
  add(item: Item): Promise<Result>
  /** Resolves when nothing waits. */
  drain(): Promise<void>
  waiting(): number
}

interface Waiting<Item, Result> {
  readonly item: Item
  readonly sinceMs: number
  resolve(result: Result): void
  reject(error: unknown): void
}

/** Commits take milliseconds; who has waited this long waits for a database that is away. */
const WAITED_LONG_MS = 1_000

/**
 * Group commit. A batch leaves as soon as a commit slot is free, so an idle system adds no delay, and under load the batch is
 * what arrived while the last commit was at the disk (measured: ~48 rows, 8,000 accepted a second, where single inserts make 865).
 */
export function createBatcher<Item extends BatchItem, Result>(
  options: BatcherOptions<Item, Result>,
): Batcher<Item, Result> {
  const queue: Waiting<Item, Result>[] = []
  const perWorkspace = new Map<string, { items: number; bytes: number }>()
  let bytesWaiting = 0
  let commits = 0
  let scheduled = false
  let lastBatchItems = 0
  let onIdle: (() => void)[] = []

  function refuseWhenFull(item: Item): void {
    const own = perWorkspace.get(item.workspaceId) ?? { items: 0, bytes: 0 }
    const greedy =
      own.items >= options.waitingMax / 2 ||
      (own.items > 0 && own.bytes + item.bytes > options.waitingBytesMax / 2)
    const full = queue.length >= options.waitingMax || bytesWaiting + item.bytes > options.waitingBytesMax
    if (!full && !greedy) return
    throw new Fault('too_many_requests', {
      detail:
        'More messages are arriving than can be stored at the moment; nothing of this one was accepted. Try again.',
      retryAfterSeconds: 1,
    })
  }

  function schedule(): void {
    if (scheduled || queue.length === 0 || !mayCommit()) return
    scheduled = true
    // Requests that arrived in the same turn of the event loop share the commit. Under load a little patience makes the batch
    // several times larger, and most of a commit's cost does not depend on its size.
    if (lastBatchItems > 1 && queue.length < options.itemsMax / 2) setTimeout(commitWaiting, options.gatherMs)
    else setImmediate(commitWaiting)
  }

  function commitWaiting(): void {
    scheduled = false
    while (queue.length > 0 && mayCommit()) void flush(takeBatch())
  }

  /** A second commit runs beside the first only for a full batch: two half-empty ones cost more and finish later. */
  function mayCommit(): boolean {
    return commits === 0 || (commits < options.commitsAtOnce && queue.length >= options.itemsMax)
  }

  function takeBatch(): Waiting<Item, Result>[] {
    let bytes = 0
    let rows = 0
    let count = 0
    for (const { item } of queue) {
      if (
        count > 0 &&
        (count >= options.itemsMax ||
          bytes + item.bytes > options.bytesMax ||
          rows + item.rows > options.rowsMax)
      )
        break
      bytes += item.bytes
      rows += item.rows
      count += 1
    }
    lastBatchItems = count
    return removeFirst(count)
  }

  function removeFirst(count: number): Waiting<Item, Result>[] {
    const batch = queue.splice(0, count)
    for (const { item } of batch) {
      bytesWaiting -= item.bytes
      const own = perWorkspace.get(item.workspaceId)
      if (own === undefined) continue
      own.items -= 1
      own.bytes -= item.bytes
      if (own.items === 0) perWorkspace.delete(item.workspaceId)
    }
    return batch
  }

  /** What has waited behind a commit that hung and then failed would hang as long again: its callers are told now. */
  function refuseWaited(error: unknown): void {
    const limitMs = performance.now() - WAITED_LONG_MS
    const first = queue.findIndex(({ sinceMs }) => sinceMs > limitMs)
    for (const waiting of removeFirst(first < 0 ? queue.length : first)) waiting.reject(error)
  }

  async function flush(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    commits += 1
    try {
      await commitAll(batch)
    } finally {
      commits -= 1
      schedule()
      if (commits === 0 && queue.length === 0) {
        for (const done of onIdle) done()
        onIdle = []
      }
    }
  }

  async function commitAll(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await options.commit(batch.map(({ item }) => item))
      batch.forEach((waiting, position) => {
        const result = results[position]
        if (result === undefined) waiting.reject(new Error('a commit answered fewer results than items'))
        else waiting.resolve(result)
      })
    } catch (error) {
      if (batch.length === 1 || !options.isItemError(error)) {
        for (const waiting of batch) waiting.reject(error)
        if (!options.isItemError(error)) refuseWaited(error)
        return
      }
      for (const waiting of batch) await commitAll([waiting])
    }
  }

  return {
    add: (item) =>
      new Promise<Result>((resolve, reject) => {
        refuseWhenFull(item)
        queue.push({ item, sinceMs: performance.now(), resolve, reject })
        bytesWaiting += item.bytes
        const own = perWorkspace.get(item.workspaceId) ?? { items: 0, bytes: 0 }
        perWorkspace.set(item.workspaceId, { items: own.items + 1, bytes: own.bytes + item.bytes })
        schedule()
      }),
    drain: () =>
      commits === 0 && queue.length === 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => void onIdle.push(resolve)),
    waiting: () => queue.length,
  }
}
