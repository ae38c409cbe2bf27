interface Page<Item> {
  readonly data: readonly Item[]
  readonly nextCursor: string | null
}

/** What a list of ours holds, page after page, until there is no more or `enough` says so. */
export async function collect<Item>(
  ask: (page: { readonly limit: number; readonly cursor?: string }) => Promise<Page<Item>>,
  enough: (items: readonly Item[]) => boolean = () => false,
): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null = null
  do {
    const page: Page<Item> = await ask(cursor === null ? { limit: 100 } : { limit: 100, cursor })
    items.push(...page.data)
    cursor = page.nextCursor
  } while (cursor !== null && !enough(items))
  return items
}

/** Work on many things, a few at a time, answers in their order. */
export async function eachOf<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let at = 0; at < items.length; at += 4) {
    results.push(...(await Promise.all(items.slice(at, at + 4).map(work))))
  }
  return results
}
