import { parseMailbox } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOf, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { ReadingBudget } from '../../security/limits/index.ts'
import { findList, openContactsById } from '../contacts/index.ts'
import { sendingOf, type AcceptService, type AddressInput, type Messages } from '../messages/index.ts'
import type { Links } from '../tracking/index.ts'
import {
  openContent,
  openHeads,
  requestFor,
  sealContent,
  type Content,
  type ContentKeyring,
} from './broadcast-content.ts'
import { SCHEDULE_DAYS_MAX, statesFor } from './broadcast.ts'
import type {
  BroadcastAct,
  BroadcastDetailView,
  BroadcastRecipientView,
  BroadcastState,
  BroadcastView,
  Head,
  RecipientState,
} from './broadcast.ts'
import { presentBroadcast, presentDetail, presentRecipient } from './broadcast-views.ts'
import {
  cancelBroadcast,
  countBroadcasts,
  insertBroadcast,
  markDeleted,
  selectBroadcast,
  selectBroadcasts,
  selectRecipients,
  startBroadcast,
  unscheduleBroadcast,
  updateDraft,
} from './broadcasts-store.ts'
import type { WholeBroadcastRow } from './broadcasts-store.ts'
import { SOMEBODY } from './personalise.ts'

type Caller = OperationContext<unknown>

interface Written {
  readonly name?: string | undefined
  readonly listId?: string | undefined
  readonly topic?: string | null | undefined
  readonly from?: AddressInput | undefined
  readonly replyTo?: readonly AddressInput[] | null | undefined
  readonly subject?: string | undefined
  readonly previewText?: string | null | undefined
  readonly html?: string | null | undefined
  readonly text?: string | null | undefined
  readonly dialect?: string | undefined
}

type New = Written & {
  readonly name: string
  readonly listId: string
  readonly from: AddressInput
  readonly subject: string
}

interface Page {
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface Broadcasts {
  create(caller: Caller, wanted: New): Promise<BroadcastDetailView>
  get(caller: Caller, broadcastId: string): Promise<BroadcastDetailView>
  list(
    caller: Caller,
    query: Page & { readonly state?: BroadcastState | undefined },
  ): Promise<{ data: BroadcastView[]; nextCursor: string | null }>
  /** Only a draft. What is undefined stays as it is. */
  update(caller: Caller, broadcastId: string, change: Written): Promise<BroadcastDetailView>
  /** A draft, or one that was cancelled. */
  remove(caller: Caller, broadcastId: string): Promise<void>
  /** What sending one of its mails would refuse is refused here. */
  send(caller: Caller, broadcastId: string, scheduledAt: string | undefined): Promise<BroadcastView>
  /** What was accepted is not taken back; nothing more is sent. `toDraft`: what waits for its time is a draft again, all else is cancelled. */
  cancel(caller: Caller, broadcastId: string, toDraft: boolean): Promise<BroadcastView>
  recipients(
    caller: Caller,
    broadcastId: string,
    query: Page & { readonly state?: RecipientState | undefined },
  ): Promise<{ data: BroadcastRecipientView[]; nextCursor: string | null }>
}

const BROADCASTS_MAX = 10_000
const DAY_MS = 86_400_000

/** Broadcasts: see the slice's door for what holds. */
export function createBroadcasts(deps: {
  readonly keyring: ContentKeyring
  readonly messages: Pick<Messages, 'check'>
  readonly accept: Pick<AcceptService, 'names'>
  readonly links: Pick<Links, 'forWorkspace'>
  readonly budget: ReadingBudget
  readonly newId: () => string
  readonly nowMs: () => number
}): Broadcasts {
  const { keyring } = deps

  async function whole(caller: Caller, broadcastId: string): Promise<BroadcastDetailView> {
    const row = await require(caller, broadcastId)
    return presentDetail(row, await openContent(keyring, caller.workspaceId, row, 'broadcasts.get'))
  }

  async function short(caller: Caller, broadcastId: string): Promise<BroadcastView> {
    const row = await require(caller, broadcastId)
    const [head] = await openHeads(keyring, caller.workspaceId, [row], 'broadcasts.get')
    if (head === undefined) throw new Error('a row has no head')
    return presentBroadcast(row, head)
  }

  async function topicOf(caller: Caller, topic: string | null): Promise<string | null> {
    if (topic === null) return null
    return (await deps.accept.names(caller.workspaceId, { topic })).topicId ?? null
  }

  async function update(caller: Caller, row: WholeBroadcastRow, change: Written): Promise<void> {
    const { workspaceId } = caller
    const content = changed(await openContent(keyring, workspaceId, row, 'broadcasts.update'), change)
    const sealed = await sealContent(keyring, workspaceId, row.id, content)
    const listId = change.listId === undefined ? row.list_id : await listOf(caller, change.listId)
    const topicId = change.topic === undefined ? row.topic_id : await topicOf(caller, change.topic)
    await caller.act(async (db, about) => {
      const isDone = await updateDraft(db, workspaceId, {
        id: row.id,
        version: row.version,
        listId,
        topicId,
        dialect: change.dialect ?? row.dialect,
        ...sealed,
      })
      if (!isDone) throw overtaken()
      about(encodeId('broadcast', row.id), {
        changed: Object.keys(change).filter((key) => Reflect.get(change, key) !== undefined),
      })
    })
  }

  return {
    async create(caller, wanted) {
      const { workspaceId, actor } = caller
      const id = deps.newId()
      const content = changed(NOTHING, wanted)
      const listId = await listOf(caller, wanted.listId)
      const topicId = await topicOf(caller, wanted.topic ?? null)
      const sealed = await sealContent(keyring, workspaceId, id, content)
      await caller.act(async (db, about) => {
        if ((await countBroadcasts(db, workspaceId)) >= BROADCASTS_MAX)
          throw new Fault('conflict', {
            detail: `This workspace has ${BROADCASTS_MAX} broadcasts, and that is the most. Delete drafts that nobody needs.`,
          })
        const dialect = wanted.dialect ?? 'liquid'
        await insertBroadcast(db, workspaceId, { id, listId, topicId, dialect, ...sealed, by: actor })
        about(encodeId('broadcast', id), { list: encodeId('list', listId) })
      })
      return whole(caller, encodeId('broadcast', id))
    },

    get: whole,

    async list(caller, query) {
      const filter = { state: query.state ?? null, before: idOfCursor(query.cursor) }
      const rows = await caller.read((db) =>
        selectBroadcasts(db, caller.workspaceId, filter, query.limit + 1),
      )
      const shown = page(
        rows,
        query.limit,
        (row) => row,
        (row) => idCursor(row.id),
      )
      const heads = await openHeads(keyring, caller.workspaceId, shown.data, 'broadcasts.list')
      return {
        data: shown.data.flatMap((row, position) => {
          const head = heads[position]
          return head === undefined ? [] : [presentBroadcast(row, head)]
        }),
        nextCursor: shown.nextCursor,
      }
    },

    async update(caller, broadcastId, change) {
      if (Object.values(change).every((value) => value === undefined))
        throw invalidField('', 'nothing is to be changed', 'Give what shall be different.')
      await update(caller, await requireState(caller, broadcastId, 'change'), change)
      return whole(caller, broadcastId)
    },

    async remove(caller, broadcastId) {
      const row = await requireState(caller, broadcastId, 'delete')
      await caller.act(async (db, about) => {
        if (!(await markDeleted(db, caller.workspaceId, row.id, statesFor('delete')))) throw overtaken()
        about(broadcastId, { state: row.state })
      })
    },

    async send(caller, broadcastId, scheduledAt) {
      const { workspaceId, actor } = caller
      const row = await requireState(caller, broadcastId, 'send')
      const at = scheduledAt === undefined ? null : scheduled(scheduledAt, deps.nowMs())
      await listOf(caller, encodeId('list', row.list_id))
      const content = await openContent(keyring, workspaceId, row, 'broadcasts.send')
      const links = await deps.links.forWorkspace(workspaceId)
      const request = requestFor(
        row,
        content,
        SOMEBODY,
        links.unsubscribePage(deps.newId(), 1, row.topic_id !== null),
      )
      await deps.messages.check(request, {
        ...sendingOf(caller),
        idempotencyKey: undefined,
        bodyHash: undefined,
      })
      await caller.act(async (db, about) => {
        const start = { id: row.id, version: row.version, by: actor, at }
        if (!(await startBroadcast(db, workspaceId, start))) throw overtaken()
        about(broadcastId, {
          list: encodeId('list', row.list_id),
          scheduledAt: at?.toISOString() ?? null,
        })
      })
      return short(caller, broadcastId)
    },

    async cancel(caller, broadcastId, toDraft) {
      const { workspaceId } = caller
      const row = await requireState(caller, broadcastId, 'cancel')
      const wasScheduled = toDraft && statesFor('unschedule').includes(row.state)
      await caller.act(async (db, about) => {
        const isDraft = wasScheduled && (await unscheduleBroadcast(db, workspaceId, row.id))
        const isDone = isDraft || (await cancelBroadcast(db, workspaceId, row.id, statesFor('cancel')))
        if (!isDone) throw overtaken()
        about(broadcastId, { state: row.state, ...(isDraft ? { toDraft } : {}) })
      })
      return short(caller, broadcastId)
    },

    async recipients(caller, broadcastId, query) {
      const { workspaceId } = caller
      const { id } = await require(caller, broadcastId)
      const filter = { state: query.state ?? null, after: idOfCursor(query.cursor) }
      const rows = await caller.read((db) => selectRecipients(db, workspaceId, id, filter, query.limit + 1))
      const shown = page(
        rows,
        query.limit,
        (row) => row,
        (row) => idCursor(row.contact_id),
      )
      await deps.budget.spend(caller, shown.data.length)
      const contacts = await openContactsById(
        keyring,
        caller,
        shown.data.map((row) => row.contact_id),
        'broadcasts.listRecipients',
      )
      return {
        data: shown.data.map((row) => presentRecipient(row, contacts.get(row.contact_id))),
        nextCursor: shown.nextCursor,
      }
    },
  }
}

async function require(caller: Caller, broadcastId: string): Promise<WholeBroadcastRow> {
  const id = idOf('broadcast', broadcastId)
  const row = await caller.read((db) => selectBroadcast(db, caller.workspaceId, id))
  if (row === undefined) throw missing('broadcast', id)
  return row
}

async function requireState(
  caller: Caller,
  broadcastId: string,
  act: BroadcastAct,
): Promise<WholeBroadcastRow> {
  const row = await require(caller, broadcastId)
  if (!statesFor(act).includes(row.state)) throw notIn(act, row.state)
  return row
}

async function listOf(caller: Caller, listId: string): Promise<string> {
  const id = idOf('list', listId)
  const found = await caller.read((db) => findList(db, caller.workspaceId, id))
  if (found === undefined) throw missing('list', id)
  return id
}

const NOTHING: Content = {
  head: { name: '', from: { email: '' }, replyTo: [], subject: '', previewText: null },
  body: { html: null, text: null },
}

function changed({ head, body }: Content, change: Written): Content {
  const { html, text, previewText, replyTo } = change
  return {
    head: {
      name: change.name ?? head.name,
      from: change.from === undefined ? head.from : mailbox('from', change.from),
      replyTo:
        replyTo === undefined
          ? head.replyTo
          : (replyTo ?? []).map((item, position) => mailbox(`replyTo[${position}]`, item)),
      subject: change.subject ?? head.subject,
      previewText: previewText === undefined ? head.previewText : emptyAsNull(previewText),
    },
    body: {
      html: html === undefined ? body.html : emptyAsNull(html),
      text: text === undefined ? body.text : emptyAsNull(text),
    },
  }
}

function emptyAsNull(text: string | null): string | null {
  return text === '' ? null : text
}

function mailbox(field: string, input: AddressInput): Head['from'] {
  const parsed = parseMailbox(
    typeof input === 'string'
      ? input
      : { email: input.email, ...(input.name === undefined ? {} : { name: input.name }) },
  )
  if (!parsed.ok)
    throw invalidField(
      field,
      parsed.problem,
      'Write it as "Ann <ann@example.com>" or {"email": …, "name": …}.',
    )
  const { email, display } = parsed.address
  return display === undefined ? { email } : { email, name: display }
}

/** Null where that is now. */
function scheduled(text: string, nowMs: number): Date | null {
  const at = new Date(text)
  if (at.getTime() > nowMs + SCHEDULE_DAYS_MAX * DAY_MS)
    throw invalidField('scheduledAt', `is more than ${SCHEDULE_DAYS_MAX} days ahead`)
  return at.getTime() <= nowMs ? null : at
}

const WORDS: Readonly<Partial<Record<BroadcastAct, string>>> = {
  change: 'Only a draft can be changed',
  send: 'Only a draft can be sent',
  cancel: 'Only what is scheduled or being sent can be cancelled',
  delete: 'Only a draft, or one that was cancelled, can be deleted',
}

function notIn(act: BroadcastAct, state: BroadcastState): Fault {
  return new Fault('conflict', { detail: `${WORDS[act] ?? 'That cannot be'}; this one is ${state}.` })
}

function overtaken(): Fault {
  return new Fault('conflict', { detail: 'The broadcast was changed at the same moment; look at it again.' })
}
