import type { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { getMessage, listMessages } from '../../../modules/messages/index.ts'
import type { MessageSummaryView } from '../../../modules/messages/index.ts'
import type { DoorCall } from '../door.ts'
import { collect, eachOf } from '../listing.ts'
import { parametersOf } from './body.ts'
import { createProblems, textAt, textsAt, timeAt, wholeAt } from './checks.ts'
import { createPresenter, plainState } from './message-views.ts'
import type { Mail, ViewServices } from './message-views.ts'
import { onlyAddressOf, readQuery } from './search-query.ts'

type Call = DoorCall<ViewServices>
type Summary = z.output<typeof MessageSummaryView>

const SEARCH_MAX = 1_000
const SEARCH_DEFAULT = 100
/** Of how many messages a search reads the summary: the newest of its time. A hundred cost what one costs that is opened whole. */
const READ_MAX = 5_000
/** How many messages it opens whole, those that may match. */
const OPENED_MAX = 1_000
const OPENED_AT_ONCE = 4
const SEARCH_DAYS = 7
const DAY_MS = 86_400_000

/** What a search wants of a mail. */
interface Wanted {
  readonly recipient: string | undefined
  readonly matches: ReturnType<typeof readQuery>
  readonly tags: ReadonlySet<string>
  readonly senders: ReadonlySet<string>
  readonly limit: number
  readonly range: { readonly since: string; readonly until?: string }
}

export function search(call: Call) {
  const wanted = wantedBy(call)
  return inTurn(call.principal.workspaceId, async () => {
    const present = createPresenter(call)
    return eachOf(await mailsOf(call, wanted), present)
  })
}

function wantedBy(call: Call): Wanted {
  const parameters = parametersOf(call)
  const problems = createProblems()
  const query = textAt(problems, parameters['query'], ['query'], 2_000) ?? ''
  const from = timeAt(problems, parameters['date_from'], ['date_from'])
  const to = timeAt(problems, parameters['date_to'], ['date_to'])
  const tags = textsAt(problems, parameters['tags'], ['tags']) ?? []
  const senders = textsAt(problems, parameters['senders'], ['senders']) ?? []
  const keys = textsAt(problems, parameters['api_keys'], ['api_keys']) ?? []
  const limit = wholeAt(problems, parameters['limit'], ['limit']) ?? SEARCH_DEFAULT
  if (keys.length > 0) problems.add(['api_keys'], 'Mail is not found by the key that sent it')
  if (limit < 1 || limit > SEARCH_MAX)
    problems.add(['limit'], `Please enter a number from 1 to ${SEARCH_MAX}`)
  problems.throwIfAny()

  const since = from ?? new Date((to?.getTime() ?? Date.now()) - SEARCH_DAYS * DAY_MS)
  const until = to === undefined ? undefined : endOf(to, parameters['date_to'])
  const recipient = onlyAddressOf(query)
  return {
    recipient,
    matches: recipient === undefined ? readQuery(query) : () => true,
    tags: new Set(tags),
    senders: new Set(senders.map((sender) => sender.toLowerCase())),
    limit,
    range: { since: since.toISOString(), ...(until === undefined ? {} : { until: until.toISOString() }) },
  }
}

/** A day is whole: its end is meant. */
function endOf(time: Date, written: unknown): Date {
  const isDay = typeof written === 'string' && /^\s*\d{4}-\d{2}-\d{2}\s*$/.test(written)
  return isDay ? new Date(time.getTime() + DAY_MS) : time
}

async function mailsOf(call: Call, wanted: Wanted): Promise<Mail[]> {
  const { recipient, tags, range, limit } = wanted
  const [onlyTag] = tags
  const found: Mail[] = []
  let read = 0
  let opened = 0
  const isEnough = (): boolean => found.length >= limit || opened >= OPENED_MAX || read >= READ_MAX
  await collect(async (page) => {
    const answer = await call.run(listMessages, {
      ...page,
      ...range,
      ...(recipient === undefined ? {} : { recipient }),
      ...(tags.size === 1 && onlyTag !== undefined ? { tag: onlyTag } : {}),
    })
    read += answer.data.length
    const fitting = answer.data.filter((message) => mayBeWanted(message, wanted))
    for (let at = 0; at < fitting.length && !isEnough(); at += OPENED_AT_ONCE) {
      const few = fitting.slice(at, at + OPENED_AT_ONCE)
      opened += few.length
      for (const mails of await eachOf(few, ({ id }) => opening(call, id)))
        found.push(...mails.filter((mail) => isWanted(mail, wanted)))
    }
    return answer
  }, isEnough)
  return found.slice(0, limit)
}

async function opening(call: Call, messageId: string): Promise<readonly Mail[]> {
  const message = await call.run(getMessage, { messageId })
  return message.recipients.map((recipient) => ({ message, recipient }))
}

/** Whether a message can hold what is searched for: told from its summary where it has one recipient, so that few are opened whole. */
function mayBeWanted(message: Summary, { tags, senders, matches }: Wanted): boolean {
  if (tags.size > 0 && !message.tags.some((tag) => tags.has(tag))) return false
  if (senders.size > 0 && !senders.has(message.from?.email.toLowerCase() ?? '')) return false
  const [email] = message.to
  const [only] = Object.keys(message.states)
  if (message.recipientCount > 1 || email === undefined || only === undefined) return true
  // The state of a mail is told in several ways; it is looked at again with the whole mail.
  const states = new Set([plainState(only, 0), plainState(only, 1), 'spam', 'unsub'])
  return [...states].some((state) => matches(searchable(message, email, state)))
}

function isWanted({ message, recipient: { email, state, attempts } }: Mail, wanted: Wanted): boolean {
  if (wanted.recipient !== undefined) return email.toLowerCase() === wanted.recipient.toLowerCase()
  return wanted.matches(searchable(message, email, plainState(state, attempts)))
}

function searchable(message: Summary, email: string, state: string) {
  return {
    email,
    sender: message.from?.email ?? '',
    subject: message.subject ?? '',
    tags: message.tags,
    state,
    subaccount: message.subaccount ?? '',
  }
}

const WAITING_MAX = 5
const lines = new Map<string, { last: Promise<unknown>; length: number }>()

/**
 * One of these searches of a workspace at a time, since each opens a thousand messages of the keyring's hour, which is everybody's. A few wait for their
 * turn, so that programs which ask for several at once are answered.
 */
export async function inTurn<Answer>(workspaceId: string, work: () => Promise<Answer>): Promise<Answer> {
  const line = lines.get(workspaceId) ?? { last: Promise.resolve(), length: 0 }
  if (line.length > WAITING_MAX)
    throw new Fault('too_many_requests', {
      detail: `At most ${WAITING_MAX} searches of an account wait for one another.`,
      retryAfterSeconds: 5,
    })
  line.length += 1
  lines.set(workspaceId, line)
  const mine = line.last.then(work)
  line.last = mine.catch(() => undefined)
  try {
    return await mine
  } finally {
    line.length -= 1
    if (line.length === 0) lines.delete(workspaceId)
  }
}
