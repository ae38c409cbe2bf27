/** One page of a list. */
export interface Page<Item> {
  readonly data: readonly Item[]
  readonly nextCursor: string | null
}

/**
 * Every item of a list, page after page; each page is asked for when the one before is used up. It ends at an empty page as
 * well, because a pull feed repeats its cursor when there is nothing new.
 */
export async function* eachItem<Item>(
  read: (cursor: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | undefined
  for (;;) {
    const page = await read(cursor)
    yield* page.data
    if (page.nextCursor === null || page.data.length === 0 || page.nextCursor === cursor) return
    cursor = page.nextCursor
  }
}
