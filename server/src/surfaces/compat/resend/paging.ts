import { z } from 'zod'
import { encodeId, type IdKind } from '../../../kernel/ids.ts'
import { idCursor } from '../../../platform/http/listing.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { queryOf } from './body.ts'
import { invalid } from './errors.ts'
import { isUuid, uuidOf } from './ids.ts'

interface Asked {
  readonly limit: number
  readonly cursor?: string
}

interface Page<Item> {
  readonly data: readonly Item[]
  readonly nextCursor: string | null
}

interface Source<Item> {
  readonly kind: IdKind
  readonly ask: (page: Asked) => Promise<Page<Item>>
  /** How many where a client names no limit: of lists that were there before the vendor had pages, all that are likely. */
  readonly standard?: number
}

const LIMIT_MAX = 100
const STANDARD = 20
/** For lists without pages. */
export const WHOLE = 1_000
const BACK_MAX = 10_000

const Query = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).optional(),
  after: z.string().optional(),
  before: z.string().optional(),
})

/** A list as the vendor shows it: newest first, from the item after one or up to the item before one. */
export async function listOf<Item extends { readonly id: string }>(
  call: Pick<DoorCall<never>, 'query'>,
  source: Source<Item>,
  present: (item: Item) => object,
): Promise<DoorAnswer> {
  const { limit = source.standard ?? STANDARD, after, before } = queryOf(call, Query)
  if (after !== undefined && before !== undefined) throw invalid('Give `after` or `before`, not both.')
  const { items, hasMore } =
    before === undefined
      ? await forwards(source, limit, after === undefined ? undefined : place('after', after))
      : await backwards(source, limit, place('before', before))
  return { status: 200, body: { object: 'list', has_more: hasMore, data: items.map(present) } }
}

function place(field: string, text: string): string {
  if (!isUuid(text)) throw invalid(`Invalid \`${field}\` field: it must be the id of an item of this list.`)
  return text.toLowerCase()
}

async function forwards<Item extends { readonly id: string }>(
  { kind, ask }: Source<Item>,
  limit: number,
  after: string | undefined,
) {
  const items: Item[] = []
  let cursor = after === undefined ? null : cursorAt(kind, after)
  do {
    const wanted = Math.min(LIMIT_MAX, limit - items.length)
    const page = await ask(cursor === null ? { limit: wanted } : { limit: wanted, cursor })
    items.push(...page.data)
    cursor = page.nextCursor
  } while (cursor !== null && items.length < limit)
  return { items, hasMore: cursor !== null }
}

/** Lists of ours go one way: what is newer than an item is read from the newest on, and the last of it is shown. */
async function backwards<Item extends { readonly id: string }>(
  { kind, ask }: Source<Item>,
  limit: number,
  before: string,
) {
  const newer: Item[] = []
  let cursor: string | null = null
  do {
    const page: Page<Item> = await ask(cursor === null ? { limit: LIMIT_MAX } : { limit: LIMIT_MAX, cursor })
    const end = page.data.findIndex(({ id }) => uuidOf(kind, id) <= before)
    newer.push(...(end < 0 ? page.data : page.data.slice(0, end)))
    cursor = end < 0 ? page.nextCursor : null
    if (newer.length > BACK_MAX)
      throw invalid(
        `Invalid \`before\` field: it is more than ${BACK_MAX} items from the beginning of the list.`,
      )
  } while (cursor !== null)
  return { items: newer.slice(-limit), hasMore: newer.length > limit }
}

/** Lists go on after an id; messages are named by it as it is shown. */
function cursorAt(kind: IdKind, uuid: string): string {
  return kind === 'message' ? encodeId(kind, uuid) : idCursor(uuid)
}
