import type { Page } from '@bulkhead/sdk'
import { text, toggle, whole, type Context, type Given } from './command.ts'
import type { Screen } from './table.ts'

/** The flags of every list. */
export const LIST_FLAGS = {
  limit: whole('limit', 50, 'How many to show.'),
  all: toggle('all', 'Show everything, however many there are.'),
  cursor: text('cursor', 'CURSOR', 'Go on behind an earlier list: nextCursor of its --json answer.'),
} as const
export const listFlags = Object.values(LIST_FLAGS)

const PAGE = 100

/**
 * Reads as many pages as were asked for and shows them. With --json: `{ data, nextCursor }`, as the API answers. `empty` is what a
 * person reads when there is nothing, best with the next step.
 */
export async function showList<Item>(
  context: Context,
  given: Given,
  read: (page: { limit: number; cursor: string | undefined }) => Promise<Page<Item>>,
  render: (items: readonly Item[], screen: Screen) => string,
  empty: string,
): Promise<void> {
  const wanted = given.flag(LIST_FLAGS.all) ? Number.MAX_SAFE_INTEGER : given.flag(LIST_FLAGS.limit)
  const data: Item[] = []
  let cursor = given.flag(LIST_FLAGS.cursor)
  let nextCursor: string | null = null
  do {
    const page: Page<Item> = await read({ limit: Math.min(PAGE, wanted - data.length), cursor })
    data.push(...page.data)
    nextCursor = page.nextCursor
    if (nextCursor === cursor || page.data.length === 0) break
    cursor = nextCursor ?? undefined
  } while (nextCursor !== null && data.length < wanted)
  context.out.show({ data, nextCursor }, (screen) =>
    data.length === 0 ? `${empty}\n` : render(data, screen),
  )
  if (nextCursor !== null && data.length >= wanted)
    context.out.note(
      context.out.paint.dim(`These are the first ${data.length}. More: --limit ${wanted * 4}, or --all.`),
    )
}
