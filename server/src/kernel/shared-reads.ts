/**
 * Joins equal reads that are asked for at the same time: a batch of a thousand messages of one template looks it up twice. Nobody is answered by
 * a read that had begun before he asked, so that what was committed before the request is seen.
 */
export function createSharedReads<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  interface Entry {
    readonly running: Promise<unknown>
    next: Promise<T> | undefined
  }
  const keys = new Map<string, Entry>()

  function begin(key: string, read: () => Promise<T>): Promise<T> {
    const work = read()
    const entry: Entry = { running: work.catch(() => undefined), next: undefined }
    keys.set(key, entry)
    void entry.running.then(() => {
      if (keys.get(key) === entry && entry.next === undefined) keys.delete(key)
    })
    return work
  }

  return (key, read) => {
    const entry = keys.get(key)
    if (entry === undefined) return begin(key, read)
    entry.next ??= entry.running.then(() => begin(key, read))
    return entry.next
  }
}
