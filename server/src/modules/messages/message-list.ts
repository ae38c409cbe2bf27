import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { invalidField } from '../../kernel/faults.ts'
import { decodeId, encodeId, firstIdAt } from '../../kernel/ids.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { MessageSummary } from './message.ts'
import { listMessages, type MessageFilter, type MessageRow } from './message-store.ts'
import { presentSummary } from './present.ts'

type Reader = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read'>

export interface ListRequest extends Omit<MessageFilter, 'addressIndex' | 'idFrom' | 'idUntil' | 'before'> {
  readonly recipient: string | undefined
  /** The exact address of From. */
  readonly from?: string | undefined
  /** All of them have to stand in what a list shows of a message. */
  readonly words?: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
  readonly cursor: string | undefined
}

/** Opens what lists show of messages; undefined where its key is gone. */
type Summaries = (
  workspaceId: string,
  rows: readonly MessageRow[],
  reason: string,
) => Promise<(MessageSummary | undefined)[]>

/** What is sealed is found by opening it: messages that are opened for one page, whatever is found. */
const OPENED_MAX = 500
const WORDS_MAX = 10

export function createMessageList(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses'>
  readonly summaries: Summaries
}) {
  async function filterOf(reader: Reader, request: ListRequest) {
    const [blind] =
      request.recipient === undefined
        ? []
        : await deps.keyring.blindAddresses(reader.workspaceId, [normaliseForIndex(request.recipient)])
    return {
      idFrom: request.since === undefined ? undefined : firstIdAt(Date.parse(request.since)),
      idUntil: request.until === undefined ? undefined : firstIdAt(Date.parse(request.until)),
      lane: request.lane,
      tags: request.tags,
      fromDomain: (request.fromDomain ?? domainOf(request.from))?.toLowerCase(),
      state: request.state,
      addressIndex: blind?.index,
    }
  }

  return async (reader: Reader, request: ListRequest) => {
    const { workspaceId } = reader
    const filter = await filterOf(reader, request)
    const isWanted = searchOf(request)
    let before = placeOf(request.cursor)
    const found: MessageRow[] = []
    const shown: (MessageSummary | undefined)[] = []
    let isMore = true
    for (let opened = 0; isMore && found.length < request.limit && opened < OPENED_MAX;) {
      const from = before
      // A search looks at whole pages; where nothing is searched for, a page is what is shown.
      const size = isWanted === undefined ? request.limit : 100
      const rows = await reader.read((db) =>
        listMessages(db, workspaceId, { ...filter, before: from, limit: size + 1 }),
      )
      const page = rows.slice(0, size)
      const summaries = await deps.summaries(workspaceId, page, 'messages.list')
      isMore = rows.length > size
      for (const [position, row] of page.entries()) {
        opened += 1
        before = row.id
        if (isWanted !== undefined && !isWanted(row, summaries[position])) continue
        found.push(row)
        shown.push(summaries[position])
        if (found.length < request.limit) continue
        isMore ||= position + 1 < page.length
        break
      }
    }
    return {
      data: presentSummary.page(found, shown, false).data,
      nextCursor: isMore && before !== undefined ? encodeId('message', before) : null,
    }
  }
}

function placeOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const id = decodeId('message', cursor)
  if (id === null)
    throw invalidField('cursor', 'is not a cursor of this list', 'Use nextCursor of the page before.')
  return id
}

function domainOf(email: string | undefined): string | undefined {
  if (email === undefined) return undefined
  const parsed = parseAddress(email)
  if (!parsed.ok) throw invalidField('from', parsed.problem)
  return parsed.address.domain
}

/** Whether a message is one that is searched for; undefined where nothing is. */
function searchOf({
  from,
  words,
}: ListRequest): ((row: MessageRow, summary: MessageSummary | undefined) => boolean) | undefined {
  const wanted = (words ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (wanted.length > WORDS_MAX) throw invalidField('words', `are more than ${WORDS_MAX}`)
  if (from === undefined && wanted.length === 0) return undefined
  const sender = from === undefined ? undefined : normaliseForIndex(from)
  return (row, summary) => {
    if (summary === undefined) return false
    if (sender !== undefined && normaliseForIndex(summary.from.email) !== sender) return false
    const text = [
      summary.subject ?? '',
      summary.from.email,
      summary.from.name ?? '',
      ...summary.to,
      ...row.tags,
      ...Object.values(summary.metadata ?? {}).map(String),
    ]
      .join('\n')
      .toLowerCase()
    return wanted.every((word) => text.includes(word))
  }
}
