import { setTimeout as wait } from 'node:timers/promises'
import { invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { OperationContext, StreamEvent } from '../../platform/http/operation.ts'
import { feedEnd, readFeed, type FeedRow } from './message-store.ts'
import { presentEvent } from './present.ts'

const POLL_MS = 250
const PAGE = 500
const POSITION = /^(\d{1,20})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/
/** xid8 has 64 bits. */
const XID_MAX = 2n ** 64n - 1n
const FIRST_ID = '00000000-0000-0000-0000-000000000000'
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

interface Position {
  readonly xid: string
  readonly id: string
}

type Reader = Pick<OperationContext<unknown>, 'workspaceId' | 'read'>
type StreamReader = Reader & Pick<OperationContext<unknown>, 'signal' | 'lastEventId'>

/** The place of an event in commit order, as text for `Last-Event-ID` and cursors. */
function positionOf(row: FeedRow): string {
  return `${row.xid}.${row.id}`
}

function parsePosition(field: string, text: string): Position {
  const match = POSITION.exec(text)
  if (match?.[1] === undefined || match[2] === undefined || BigInt(match[1]) > XID_MAX)
    throw invalidField(field, 'is not a position of this stream')
  return { xid: match[1], id: match[2] }
}

function after(reader: Reader, position: Position, limit: number): Promise<FeedRow[]> {
  return reader.read((db) => readFeed(db, reader.workspaceId, position, limit))
}

function present(row: FeedRow) {
  return { ...presentEvent(row), messageId: encodeId('message', row.message_id) }
}

/**
 * The live stream of a workspace's events: from now, or behind `Last-Event-ID`. Every event committed after that comes exactly
 * once per connection and in commit order. A position that is none is refused before the stream begins: a browser would come
 * back with it every two seconds.
 */
export function streamEvents(reader: StreamReader): AsyncIterable<StreamEvent> {
  return follow(
    reader,
    reader.lastEventId === undefined ? undefined : parsePosition('Last-Event-ID', reader.lastEventId),
  )
}

async function* follow(reader: StreamReader, from: Position | undefined): AsyncIterable<StreamEvent> {
  let position = from ?? (await startingPosition(reader))
  // Said at once, so that a client that loses its connection before its first event misses nothing.
  yield { id: `${position.xid}.${position.id}` }
  while (!reader.signal.aborted) {
    const rows = await after(reader, position, PAGE)
    for (const row of rows) yield { id: positionOf(row), event: row.type, data: present(row) }
    const last = rows.at(-1)
    if (last !== undefined) position = { xid: last.xid, id: last.id }
    if (rows.length < PAGE) await wait(POLL_MS, undefined, { signal: reader.signal }).catch(() => undefined)
  }
}

/** Behind everything that is committed: the last possible place of the last transaction that is surely over. */
async function startingPosition(reader: Reader): Promise<Position> {
  const xmin = BigInt(await reader.read(feedEnd))
  return { xid: String(xmin > 0n ? xmin - 1n : 0n), id: LAST_ID }
}

/** The same events page by page, for those who pull: a cursor never passes over an event that commits late. */
export async function pullEvents(reader: Reader, cursor: string | undefined, limit: number) {
  const position = cursor === undefined ? { xid: '0', id: FIRST_ID } : parsePosition('cursor', cursor)
  const rows = await after(reader, position, limit)
  const last = rows.at(-1)
  return { data: rows.map(present), nextCursor: last === undefined ? (cursor ?? null) : positionOf(last) }
}
