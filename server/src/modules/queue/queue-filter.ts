import { z } from 'zod'
import { parseAddress } from '../../kernel/email-address.ts'
import { invalidField } from '../../kernel/faults.ts'
import { decodeId, encodeId, firstIdAt } from '../../kernel/ids.ts'
import { LANES } from '../../kernel/lane.ts'
import { Instant } from '../../platform/http/listing.ts'
import { BOUNCE_CLASSES } from '../bounces/index.ts'

const NAMES_MAX = 50
const MESSAGES_MAX = 100

const names = (about: string) =>
  z.array(z.string().trim().min(1).max(1_000)).min(1).max(NAMES_MAX).optional().describe(about)

/** What of the queue an act is about: all that is given has to hold, and of a list one. Empty: everything. */
export const filterInput = {
  lanes: z.array(z.enum(LANES)).min(1).max(LANES.length).optional(),
  sites: names('Sites as `queue.get` shows them: what a set of MX hosts is called.'),
  providers: names('Providers of the shaping rules, such as google.'),
  domains: names('Domains of recipients. They are kept as a keyed hash.'),
  pools: names('Pools given to lanes of workspaces; where none was given, `default`.'),
  tags: names('Tags of messages.'),
  fromDomains: names('Sending domains.'),
  messages: z.array(z.string().max(100)).min(1).max(MESSAGES_MAX).optional().describe('Messages, msg_….'),
  attemptsAtLeast: z.int().min(0).max(10_000).optional(),
  attemptsAtMost: z.int().min(0).max(10_000).optional(),
  acceptedBefore: z.iso.datetime({ offset: true }).optional(),
  acceptedAfter: z.iso.datetime({ offset: true }).optional(),
  dueBefore: z.iso.datetime({ offset: true }).optional(),
  dueAfter: z.iso.datetime({ offset: true }).optional(),
  replies: z
    .array(z.string().regex(/^(?:[2-5]\d\d|[245](?:\.\d{1,3}){1,2})$/))
    .min(1)
    .max(NAMES_MAX)
    .optional()
    .describe(
      'What the other side said last: a code (421), an enhanced code (4.7.1) or the beginning of one (4.7).',
    ),
  replyClasses: z
    .array(z.enum(BOUNCE_CLASSES))
    .min(1)
    .max(BOUNCE_CLASSES.length)
    .optional()
    .describe('The class of the last refusal.'),
} as const

export const FilterInput = z.strictObject(filterInput)
export type FilterInput = z.output<typeof FilterInput>

const uuids = z.array(z.uuid()).max(MESSAGES_MAX)
const texts = z.array(z.string().max(1_000)).max(NAMES_MAX)

/** The same as the database keeps it, under the names of the type operations.filter. */
export const StoredFilter = z.strictObject({
  lanes: z.array(z.enum(LANES)).optional(),
  destinations: z
    .array(z.string().regex(/^-?\d{1,19}$/))
    .max(NAMES_MAX)
    .optional(),
  sites: texts.optional(),
  providers: texts.optional(),
  pools: texts.optional(),
  tags: texts.optional(),
  from_domains: texts.optional(),
  messages: uuids.optional(),
  first: z.uuid().optional(),
  below: z.uuid().optional(),
  attempts_min: z.int().optional(),
  attempts_max: z.int().optional(),
  due_before: z.string().max(40).optional(),
  due_after: z.string().max(40).optional(),
  replies: texts.optional(),
  reply_classes: texts.optional(),
})
export type StoredFilter = z.output<typeof StoredFilter>

/** What a pause can be about: what does not change while a recipient waits. */
const STANDING: ReadonlySet<string> = new Set([
  'lanes',
  'sites',
  'providers',
  'domains',
  'pools',
  'tags',
  'fromDomains',
  'messages',
])

/** Throws `invalid_request` where a pause would depend on what changes with every attempt. */
export function requireStanding(filter: FilterInput): void {
  for (const [name, value] of Object.entries(filter))
    if (value !== undefined && !STANDING.has(name))
      throw invalidField(
        `filter.${name}`,
        'changes while mail waits, and a pause stops what comes later too',
        'Use hold for what waits now.',
      )
}

/**
 * The filter as it is stored. `destinationsOf` answers the keyed hashes of domains. `belowMs`: only what was accepted before, in
 * milliseconds of the epoch. Throws `invalid_request` for what is no domain and no message.
 */
export async function storedFilter(
  filter: FilterInput,
  destinationsOf: (domains: readonly string[]) => Promise<readonly bigint[]>,
  belowMs: number | null,
): Promise<StoredFilter> {
  const { domains } = filter
  const before = filter.acceptedBefore === undefined ? Infinity : Date.parse(filter.acceptedBefore)
  const below = Math.min(before, belowMs ?? Infinity)
  return {
    ...(filter.lanes === undefined ? {} : { lanes: filter.lanes }),
    ...(domains === undefined
      ? {}
      : { destinations: (await destinationsOf(domains.map(domainOf))).map((hash) => hash.toString()) }),
    ...(filter.sites === undefined ? {} : { sites: filter.sites }),
    ...(filter.providers === undefined ? {} : { providers: filter.providers }),
    ...(filter.pools === undefined ? {} : { pools: filter.pools }),
    ...(filter.tags === undefined ? {} : { tags: filter.tags }),
    ...(filter.fromDomains === undefined
      ? {}
      : { from_domains: filter.fromDomains.map((name) => name.toLowerCase()) }),
    ...(filter.messages === undefined ? {} : { messages: filter.messages.map(messageOf) }),
    ...(filter.acceptedAfter === undefined ? {} : { first: firstIdAt(Date.parse(filter.acceptedAfter)) }),
    ...(below === Infinity ? {} : { below: firstIdAt(below) }),
    ...(filter.attemptsAtLeast === undefined ? {} : { attempts_min: filter.attemptsAtLeast }),
    ...(filter.attemptsAtMost === undefined ? {} : { attempts_max: filter.attemptsAtMost }),
    ...(filter.dueBefore === undefined ? {} : { due_before: new Date(filter.dueBefore).toISOString() }),
    ...(filter.dueAfter === undefined ? {} : { due_after: new Date(filter.dueAfter).toISOString() }),
    ...(filter.replies === undefined ? {} : { replies: filter.replies }),
    ...(filter.replyClasses === undefined ? {} : { reply_classes: filter.replyClasses }),
  }
}

function domainOf(text: string, position: number): string {
  const parsed = parseAddress(`postmaster@${text}`)
  if (!parsed.ok) throw invalidField(`filter.domains[${position}]`, 'is no domain', 'Write example.com.')
  return parsed.address.domain
}

function messageOf(text: string, position: number): string {
  const uuid = decodeId('message', text)
  if (uuid === null)
    throw invalidField(`filter.messages[${position}]`, 'is no message', 'Give ids that begin with msg_.')
  return uuid
}

/** What people are shown of a filter. Domains are told by how many there are and by the sites they lead to. */
export const FilterView = z.object({
  lanes: z.array(z.string()).optional(),
  sites: z.array(z.string()).optional(),
  providers: z.array(z.string()).optional(),
  domains: z.int().optional().describe('How many domains of recipients. Their names are not kept.'),
  domainSites: z.array(z.string()).optional().describe('The sites that these domains lead to.'),
  pools: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
  fromDomains: z.array(z.string()).optional(),
  messages: z.array(z.string()).optional(),
  attemptsAtLeast: z.int().optional(),
  attemptsAtMost: z.int().optional(),
  acceptedBefore: Instant.optional(),
  acceptedAfter: Instant.optional(),
  dueBefore: Instant.optional(),
  dueAfter: Instant.optional(),
  replies: z.array(z.string()).optional(),
  replyClasses: z.array(z.string()).optional(),
})

/** The stored filter as people see it. `sites`: where its destinations lead. */
export function shownFilter(
  stored: StoredFilter,
  sites: readonly string[] | null,
): z.output<typeof FilterView> {
  return {
    lanes: stored.lanes,
    sites: stored.sites,
    providers: stored.providers,
    domains: stored.destinations?.length,
    domainSites: sites === null ? undefined : [...sites],
    pools: stored.pools,
    tags: stored.tags,
    fromDomains: stored.from_domains,
    messages: stored.messages?.map((uuid) => encodeId('message', uuid)),
    attemptsAtLeast: stored.attempts_min,
    attemptsAtMost: stored.attempts_max,
    acceptedBefore: stored.below === undefined ? undefined : instantOf(stored.below),
    acceptedAfter: stored.first === undefined ? undefined : instantOf(stored.first),
    dueBefore: stored.due_before,
    dueAfter: stored.due_after,
    replies: stored.replies,
    replyClasses: stored.reply_classes,
  }
}

/** The instant in the first 48 bits of a UUIDv7. */
export function instantOf(uuid: string): string {
  return new Date(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16)).toISOString()
}
