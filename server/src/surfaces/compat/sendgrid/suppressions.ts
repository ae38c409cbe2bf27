import { parseAddress } from '../../../kernel/email-address.ts'
import { dismissOutcomes, listOutcomes } from '../../../modules/messages/index.ts'
import type { Outcomes } from '../../../modules/messages/index.ts'
import { listSuppressions, withdrawSuppressions } from '../../../modules/suppressions/index.ts'
import type { Suppressions } from '../../../modules/suppressions/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall, DoorRoute } from '../door.ts'
import { bodyOf, queryOf } from './body.ts'
import { refuse, vendorError } from './errors.ts'
import { collect, secondsOf } from './paging.ts'
import {
  emailFilterOf,
  isoOf,
  presentBounce,
  presentComplaint,
  presentInvalid,
  presentUnsubscribe,
  replyOf,
  SuppressionQuery,
  SuppressionRemoval,
} from './suppression-shapes.ts'
import type { Suppression } from './suppression-shapes.ts'

export interface SuppressionServices {
  readonly suppressions: Suppressions
  readonly outcomes: Outcomes
}

type Call = DoorCall<SuppressionServices>

/** One of the vendor's lists: the entries of ours that are on it, and how it shows them. */
interface List {
  readonly path: string
  readonly scope: string
  readonly which: {
    readonly reason: Suppression['reason']
    readonly unroutable?: boolean
  }
  readonly present: (entry: Suppression) => object
}

const LISTS: readonly List[] = [
  {
    path: '/v3/suppression/bounces',
    scope: 'suppression.bounces',
    which: { reason: 'hard_bounce', unroutable: false },
    present: presentBounce,
  },
  {
    path: '/v3/suppression/invalid_emails',
    scope: 'suppression.invalid_emails',
    which: { reason: 'hard_bounce', unroutable: true },
    present: presentInvalid,
  },
  {
    path: '/v3/suppression/spam_reports',
    scope: 'suppression.spam_reports',
    which: { reason: 'complaint' },
    present: presentComplaint,
  },
]

/** What is looked through for a part of an address: addresses are sealed, so each is opened. */
const SEARCHED_MAX = 20_000
const CALLS_MAX = 1_000

type Ask<Item> = (page: {
  readonly limit: number
  readonly cursor?: string
  readonly skip?: number
  readonly since?: string
  readonly until?: string
  readonly email?: string
}) => Promise<{ readonly data: readonly Item[]; readonly nextCursor: string | null }>

/** A page by offset of a list that we page by cursor. */
async function pageOf<Item extends { readonly email: string | null }>(
  call: Call,
  ask: Ask<Item>,
): Promise<Item[]> {
  const { start_time: from, end_time: to, limit, offset, email } = queryOf(call, SuppressionQuery)
  const since = isoOf(from)
  // The vendor's end is in it.
  const until = isoOf(to === undefined ? undefined : to + 1)
  const range = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }
  const wantedEmail = emailFilterOf(email)
  const whole = wantedEmail?.whole ?? null
  const filter = whole === null ? range : { ...range, email: whole }
  const isWanted = (item: Item): boolean => item.email !== null && wantedEmail?.fits(item.email) !== false
  // Only a part of an address has to be looked for in the addresses themselves; else what is before the page stays closed.
  const isSearch = wantedEmail !== undefined && whole === null
  const skip = isSearch ? 0 : offset
  const wanted = offset - skip + limit
  const all = await collect(
    (page) =>
      ask({
        ...filter,
        ...page,
        ...(isSearch ? {} : { limit: Math.min(page.limit, limit) }),
        ...(page.cursor === undefined ? { skip } : {}),
      }),
    (seen) => seen.length >= SEARCHED_MAX || seen.filter(isWanted).length >= wanted,
  )
  return all.filter(isWanted).slice(offset - skip, wanted)
}

function routesOf({ path, scope, which, present }: List): DoorRoute<SuppressionServices>[] {
  const { reason, unroutable } = which
  const query = {
    reason,
    ...(unroutable === undefined ? {} : { unroutable: unroutable ? ('true' as const) : ('false' as const) }),
  }
  return [
    {
      method: 'GET',
      path,
      doorScope: ['suppression.read', `${scope}.read`],
      handle: async (call) => ({
        status: 200,
        body: (await pageOf(call, (page) => call.run(listSuppressions, { ...query, ...page }))).map(present),
      }),
    },
    {
      method: 'DELETE',
      path,
      doorScope: ['suppression.delete', `${scope}.delete`],
      handle: async (call) => {
        const emails = toRemove(call)
        if (emails === null || emails.length > 0) await withdraw(call, which, emails)
        return { status: 204 }
      },
    },
    {
      method: 'GET',
      path: `${path}/{email}`,
      doorScope: ['suppression.read', `${scope}.read`],
      handle: async (call) => {
        const email = emailOf(call)
        if (email === null) return { status: 200, body: [] }
        const { data } = await call.run(listSuppressions, { ...query, email, limit: 1 })
        return { status: 200, body: data.filter((entry) => entry.email !== null).map(present) }
      },
    },
    {
      method: 'DELETE',
      path: `${path}/{email}`,
      doorScope: ['suppression.delete', `${scope}.delete`],
      handle: async (call) => {
        const email = emailOf(call)
        if (email !== null) await withdraw(call, which, [email])
        return { status: 204 }
      },
    },
  ]
}

async function withdraw(call: Call, which: List['which'], emails: readonly string[] | null): Promise<void> {
  for (let calls = 0; calls < CALLS_MAX; calls++) {
    const { hasMore } = await call.run(withdrawSuppressions, {
      ...which,
      ...(emails === null ? {} : { emails: [...emails] }),
    })
    if (!hasMore || emails !== null) return
  }
}

/** The addresses that a body names; null: all. Those that are none are on no list. */
function toRemove(call: Call): readonly string[] | null {
  const { delete_all: isAll, emails } = bodyOf(call, SuppressionRemoval)
  if (isAll === true && emails !== undefined && emails.length > 0)
    throw refuse(400, vendorError('delete_all and emails cannot be used together', 'delete_all'))
  if (isAll === true) return null
  if (emails === undefined)
    throw refuse(400, vendorError('one of delete_all or emails is required', 'emails'))
  return emails.filter((email) => parseAddress(email).ok)
}

function emailOf(call: Call): string | null {
  const email = call.params['email'] ?? ''
  return parseAddress(email).ok ? email : null
}

type Block = NonNullable<(typeof listOutcomes)['types']>['output']['data'][number]

/** Mail that was refused for another reason than the address. It stops nothing: the next message is tried again. */
function presentBlock(block: Block) {
  return {
    created: secondsOf(block.at),
    email: block.email,
    reason: replyOf(block),
    status: block.enhanced ?? '',
  }
}

const NOT_THE_ADDRESS = { state: 'bounced', exceptClass: 'recipient', dismissed: 'false' } as const

async function listBlocks(call: Call) {
  const blocks = await pageOf<Block>(call, ({ email, ...page }) =>
    call.run(listOutcomes, {
      ...NOT_THE_ADDRESS,
      ...(email === undefined ? {} : { recipient: email }),
      ...page,
    }),
  )
  return { status: 200, body: blocks.map(presentBlock) }
}

async function showBlocks(call: Call) {
  const recipient = emailOf(call)
  if (recipient === null) return { status: 200, body: [] }
  const { data } = await call.run(listOutcomes, { ...NOT_THE_ADDRESS, recipient, limit: 1 })
  return { status: 200, body: data.map(presentBlock) }
}

/** Mail goes there again anyway; they are not listed any more. The record of what became of mail is erased by nobody. */
async function removeBlocks(call: Call) {
  const email = call.params['email']
  const emails = email === undefined ? toRemove(call) : [email].filter((one) => parseAddress(one).ok)
  // Whoever may not see them may not be told either that they are gone.
  await call.run(listOutcomes, { ...NOT_THE_ADDRESS, limit: 1 })
  if (emails === null || emails.length > 0)
    await call.run(dismissOutcomes, emails === null ? {} : { emails: [...emails] })
  return { status: 204 }
}

async function listUnsubscribes(call: Call) {
  const entries = await pageOf(call, (page) => call.run(listSuppressions, { reason: 'unsubscribe', ...page }))
  return { status: 200, body: entries.map(presentUnsubscribe) }
}

const BLOCKS = '/v3/suppression/blocks'
const READS_BLOCKS = ['suppression.read', 'suppression.blocks.read']
const DELETES_BLOCKS = ['suppression.delete', 'suppression.blocks.delete']

/** Addresses that get no mail, and mail that was refused. */
export const suppressionRoutes = doorRoutes<SuppressionServices>([
  ...LISTS.flatMap(routesOf),
  { method: 'GET', path: BLOCKS, doorScope: READS_BLOCKS, handle: listBlocks },
  { method: 'DELETE', path: BLOCKS, doorScope: DELETES_BLOCKS, handle: removeBlocks },
  { method: 'GET', path: `${BLOCKS}/{email}`, doorScope: READS_BLOCKS, handle: showBlocks },
  {
    method: 'DELETE',
    path: `${BLOCKS}/{email}`,
    doorScope: DELETES_BLOCKS,
    handle: removeBlocks,
  },
  {
    method: 'GET',
    path: '/v3/suppression/unsubscribes',
    doorScope: ['suppression.read', 'suppression.unsubscribes.read'],
    handle: listUnsubscribes,
  },
])
