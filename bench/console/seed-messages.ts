import { decodeId, createIdGenerator } from '../../server/src/kernel/ids.ts'
import type {
  BlindAddress,
  ContentKeyLease,
  KeyringClient,
} from '../../server/src/platform/keyring-client/index.ts'
import type { Pool } from '../../server/src/platform/postgres/index.ts'
import { createNonces, seal } from '../../server/src/platform/sealing/index.ts'

const CHUNK = 5_000
const ADDRESSES = 50_000
const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
/** Within what is kept (30 days), so that nothing of it is dropped while it is measured. */
const DAYS = 27
/** Of the ids, so that they stay in the past however long the seeding takes. */
const MARGIN_MS = 60_000

const SUBJECTS = [
  'Your order has been shipped',
  'Your invoice',
  'Welcome to the shop',
  'Your parcel arrives today',
  'We got your payment',
  'Seven things for the weekend',
] as const

export interface Seeded {
  readonly messages: number
  /** One that is in the list often, for the search by recipient. */
  readonly recipient: string
  /** On two of a thousand messages. */
  readonly rareTag: string
}

/**
 * Puts `messages` messages of one recipient each into a workspace, over the last 27 days, as the door and the senders would have left them:
 * sealed summaries and addresses, outcomes, events, tags, a few that still wait (due tomorrow, so that no sender takes them). No bodies:
 * lists and stories read none. Rows go into the partitions themselves: triggers of the whole tables would double the time.
 */
export async function seedMessages(options: {
  readonly pool: Pool
  readonly keyring: Pick<KeyringClient, 'contentKey' | 'blindAddresses'>
  /** `ws_…` */
  readonly workspace: string
  readonly messages: number
  readonly signal?: AbortSignal | undefined
  readonly say: (text: string) => void
}): Promise<Seeded> {
  const { pool, keyring, messages } = options
  const workspaceId = decodeId('workspace', options.workspace)
  if (workspaceId === null) throw new Error(`${options.workspace} is no workspace`)
  const addresses = Array.from({ length: ADDRESSES }, (_, n) => `reader${n}@shop${n % 997}.example`)
  const blinded = await keyring.blindAddresses(workspaceId, addresses)
  const untilMs = Date.now() - MARGIN_MS
  const fromMs = untilMs - DAYS * DAY_MS
  await makePartitions(pool, fromMs)
  const clock = { ms: fromMs }
  const seeding = {
    ...options,
    workspaceId,
    addresses,
    blinded,
    newId: createIdGenerator(() => Math.floor(clock.ms)),
  }
  for (let first = 0; first < messages; first += CHUNK) {
    options.signal?.throwIfAborted()
    const count = Math.min(CHUNK, messages - first)
    const contentKey = await keyring.contentKey(workspaceId)
    const rows = Array.from({ length: count }, (_, place) => {
      clock.ms = fromMs + ((first + place) / messages) * (untilMs - fromMs)
      return rowOf(seeding, contentKey, first + place, clock.ms)
    })
    for (const [week, part] of Map.groupBy(rows, (row) => weekOf(row.atMs)))
      await insert(pool, week, part, workspaceId)
    if ((first / CHUNK) % 40 === 39) options.say(`console: ${first + count} messages are there`)
  }
  await pool.query('vacuum (analyze) message, recipient, outcome, event, queue')
  await pool.query('checkpoint')
  return { messages, recipient: addresses[1] ?? '', rareTag: 'campaign-7' }
}

interface Seeding {
  readonly workspaceId: string
  readonly addresses: readonly string[]
  readonly blinded: readonly BlindAddress[]
  readonly newId: () => string
}

type Row = ReturnType<typeof rowOf>

const nonces = createNonces()

function rowOf(seeding: Seeding, contentKey: ContentKeyLease, n: number, atMs: number) {
  const { workspaceId } = seeding
  const id = seeding.newId()
  const eventId = seeding.newId()
  const who = (n * 7919) % ADDRESSES
  const email = seeding.addresses[who] ?? ''
  const blind = seeding.blinded[who]
  if (blind === undefined) throw new Error('an address has no index')
  const lane = laneOf(n)
  const sensitive = lane === 'critical' && n % 2 === 0
  const subject = `${SUBJECTS[n % SUBJECTS.length] ?? ''} ${n}`
  const summary = {
    from: { email: 'shop@bench.test', name: 'The shop' },
    to: [email],
    ...(sensitive ? {} : { subject }),
    messageIdHeader: `<${id}@bench.test>`,
    envelopeFrom: 'shop@bench.test',
    eightBit: false,
    smtputf8: false,
  }
  const place = (table: string, column: string, rowId: string) => ({ workspaceId, table, column, rowId })
  return {
    id,
    eventId,
    deferId: seeding.newId(),
    atMs,
    lane,
    sensitive,
    tags: tagsOf(n, lane),
    state: stateOf(n),
    blind,
    summary: seal(contentKey, place('message', 'summary', id), Buffer.from(JSON.stringify(summary)), nonces),
    address: seal(contentKey, place('recipient', 'address', `${id}/1`), Buffer.from(email), nonces),
  }
}

function laneOf(n: number): 'critical' | 'transactional' | 'bulk' {
  const place = n % 100
  if (place < 3) return 'critical'
  return place < 20 ? 'bulk' : 'transactional'
}

function tagsOf(n: number, lane: string): readonly string[] {
  if (n % 500 === 7) return ['campaign-7']
  if (lane === 'bulk') return ['news', `campaign-${n % 400}`]
  return n % 3 === 0 ? ['receipt'] : []
}

function stateOf(n: number): string {
  const place = (n * 31) % 1000
  if (place < 20) return 'bounced'
  if (place < 23) return 'expired'
  if (place < 28) return 'suppressed'
  if (place < 29) return 'cancelled'
  if (n % 20_011 === 5) return 'uncertain'
  return place < 34 ? 'waiting' : 'delivered'
}

function weekOf(ms: number): string {
  const day = Math.floor(ms / DAY_MS)
  // 1970-01-01 was a Thursday; weeks begin on Mondays, as engine.ensure_partitions has them.
  return new Date((day - ((day + 3) % 7)) * DAY_MS).toISOString().slice(0, 10)
}

async function makePartitions(pool: Pool, fromMs: number): Promise<void> {
  for (let ms = fromMs; ms < Date.now(); ms += WEEK_MS) {
    const week = weekOf(ms)
    const name = week.replaceAll('-', '')
    for (const table of ['message', 'body', 'recipient', 'outcome', 'event'])
      await pool.query(
        `create table if not exists ${table}_${name} partition of ${table}
         for values from (engine.time_bound('${week}')) to (engine.time_bound(date '${week}' + 7))`,
      )
  }
}

/** Five rows a message at most, in one statement for each table. */
async function insert(pool: Pool, week: string, rows: readonly Row[], workspaceId: string): Promise<void> {
  const suffix = week.replaceAll('-', '')
  const ids = rows.map((row) => row.id)
  const times = rows.map((row) => new Date(row.atMs))
  await pool.query(
    `insert into message_${suffix} (id, workspace_id, lane, source, sensitive, from_domain, tags, size_bytes, recipient_count,
                                    expires_at, actor, summary, created_at)
     select x.id, $2, x.lane, 'api', x.sensitive, 'bench.test', x.tags::text[], 5000, 1, x.at + interval '3 days', 'api_key:bench',
            x.summary, x.at
     from unnest($1::uuid[], $3::lane[], $4::boolean[], $5::text[], $6::bytea[], $7::timestamptz[])
          as x(id, lane, sensitive, tags, summary, at)`,
    [
      ids,
      workspaceId,
      rows.map((row) => row.lane),
      rows.map((row) => row.sensitive),
      rows.map((row) => `{${row.tags.join(',')}}`),
      rows.map((row) => row.summary),
      times,
    ],
  )
  await pool.query(
    `insert into recipient_${suffix} (message_id, number, workspace_id, kind, address, address_index, destination)
     select x.id, 1, $2, 'to', x.address, x.address_index, x.destination
     from unnest($1::uuid[], $3::bytea[], $4::bytea[], $5::bigint[]) as x(id, address, address_index, destination)`,
    [
      ids,
      workspaceId,
      rows.map((row) => row.address),
      rows.map((row) => row.blind.index),
      rows.map((row) => row.blind.destination.toString()),
    ],
  )
  const ended = rows.filter((row) => row.state !== 'waiting')
  await pool.query(
    `insert into outcome_${suffix} (message_id, number, workspace_id, event_id, state, at, attempts, detail)
     select x.id, 1, $2, x.event, x.state, x.at + interval '2 seconds', 1,
            '{"code":250,"enhanced":"2.0.0","reply":"2.0.0 OK queued","host":"mx.shop.example","stage":"dot","durationMs":83}'
     from unnest($1::uuid[], $3::uuid[], $4::final_state[], $5::timestamptz[]) as x(id, event, state, at)`,
    [
      ended.map((row) => row.id),
      workspaceId,
      ended.map((row) => row.eventId),
      ended.map((row) => row.state),
      ended.map((row) => new Date(row.atMs)),
    ],
  )
  const deferred = rows.filter((_, place) => place % 12 === 0)
  await pool.query(
    `insert into event_${suffix} (id, message_id, number, workspace_id, type, at, detail)
     select x.event, x.id, 1, $2, 'message.deferred', x.at + interval '1 second', '{"code":451,"reply":"4.7.1 try later"}'
     from unnest($1::uuid[], $3::uuid[], $4::timestamptz[]) as x(id, event, at)`,
    [
      deferred.map((row) => row.id),
      workspaceId,
      deferred.map((row) => row.deferId),
      deferred.map((row) => new Date(row.atMs)),
    ],
  )
  const waiting = rows.filter((row) => row.state === 'waiting')
  await pool.query(
    `insert into queue (lane, message_id, number, workspace_id, destination, due, expires_at, attempts)
     select x.lane, x.id, 1, $2, x.destination, now() + interval '20 hours', now() + interval '2 days', x.attempts
     from unnest($1::uuid[], $3::lane[], $4::bigint[], $5::integer[]) as x(id, lane, destination, attempts)`,
    [
      waiting.map((row) => row.id),
      workspaceId,
      waiting.map((row) => row.lane),
      waiting.map((row) => row.blind.destination.toString()),
      waiting.map((_, place) => place % 2),
    ],
  )
}
