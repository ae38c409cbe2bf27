import { createHash, createHmac, randomUUID } from 'node:crypto'
import { RULE_WORDS } from '../../src/modules/alerts/index.ts'
import { createDetection, evaluateDetection } from '../../src/security/detection/index.ts'
import type { Detection, Signal } from '../../src/security/detection/index.ts'
import { clientKeyOf, createKeyedDigest } from '../../src/security/limits/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createTestDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

export interface AlertRow {
  readonly kind: string
  readonly severity: string
  readonly workspace_id: string | null
  readonly person_id: string | null
  readonly about: string
  readonly detail: Record<string, unknown>
  readonly occurrences: number
  /** Seconds of the world's clock. */
  readonly second: number
}

export interface Evaluated {
  readonly clients: number
  readonly alerts: number
  readonly flagged: number
}

/**
 * The real functions of detection on a real database whose clock of rules stands still until it is told to go on. The clock is a function
 * of the engine; nobody but a superuser, which only tests have, can put another in its place.
 */
export interface DetectionWorld extends AsyncDisposable {
  readonly database: TestDatabase
  readonly detection: Detection
  /** Seconds since the world began. */
  readonly seconds: number
  advance(seconds: number): Promise<void>
  /** People `person-<n>@…`, each its own; answers their ids. */
  people(count: number): Promise<string[]>
  /** A workspace with these members. */
  workspace(members: readonly string[]): Promise<string>
  honey(): Promise<{ id: string; email: string }>
  indexOf(email: string): Buffer
  emailOf(person: string): string
  /** Takes a signal in and waits until it is stored. */
  observe(signal: Partial<Signal> & { readonly address: string; readonly email?: string }): Promise<void>
  evaluate(): Promise<Evaluated>
  /** Those of detection's own rules: other parts of the product raise theirs. */
  alerts(): Promise<AlertRow[]>
  flagged(): Promise<Map<string, string>>
}

function indexOf(email: string): Buffer {
  return createHmac('sha256', 'index').update(email).digest()
}

const START = Date.UTC(2026, 0, 5, 8)

/** `withoutRules`: for control arms, kinds of rules that the world does not have. */
export async function makeDetectionWorld(
  options: { readonly withoutRules?: readonly string[] } = {},
): Promise<DetectionWorld> {
  const database = await createTestDatabase()
  const superuser = database.pool('superuser')
  if (options.withoutRules !== undefined) {
    const gone = await superuser.query('delete from detection.rule where kind = any($1)', [
      options.withoutRules,
    ])
    if (gone.rowCount === 0) throw new Error('no such rule: adapt the control arm')
  }
  await superuser.query('create table detection.test_clock (now timestamptz not null)')
  await superuser.query('grant select on detection.test_clock to bulkhead_engine')
  await superuser.query('insert into detection.test_clock values ($1)', [new Date(START)])
  await superuser.query(
    `create or replace function engine.detection_now() returns timestamptz
     language sql volatile security definer set search_path = public, engine, pg_temp
     as $$ select now from detection.test_clock $$`,
  )
  const detection = createDetection({
    pool: database.pool('bulkhead_api'),
    digest: createKeyedDigest({
      pepper: { of: async (digest) => createHash('sha256').update('test').update(digest).digest() },
    }),
    log: createLogger({ name: 'test', level: 'error' }),
  })
  const emails = new Map<string, string>()
  let seconds = 0
  let made = 0

  async function addPeople(count: number, honey: boolean): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID())
    const addresses = ids.map(() => `${honey ? 'honey' : 'person'}-${made++}@people.test`)
    await superuser.query(
      `insert into account.person (id, email_index, sealed_email, honey, created_at)
       select u.id, u.index, '\\x00', $3, $4 from unnest($1::uuid[], $2::bytea[]) u(id, index)`,
      [ids, addresses.map(indexOf), honey, new Date(START)],
    )
    for (const [n, id] of ids.entries()) emails.set(id, addresses[n] ?? '')
    return ids
  }

  return {
    database,
    detection,
    get seconds() {
      return seconds
    },
    async advance(by) {
      seconds += by
      await superuser.query('update detection.test_clock set now = $1', [new Date(START + seconds * 1_000)])
    },
    people: (count) => addPeople(count, false),
    async honey() {
      const [id = ''] = await addPeople(1, true)
      return { id, email: emails.get(id) ?? '' }
    },
    async workspace(members) {
      const id = randomUUID()
      await superuser.query('insert into workspace (id, name) values ($1, $2)', [id, 'x'])
      await superuser.query(
        `insert into member (id, workspace_id, person_id, role, created_by)
         select gen_random_uuid(), $1, m, 'owner', 'operator:test' from unnest($2::uuid[]) m`,
        [id, members],
      )
      return id
    },
    indexOf,
    emailOf: (person) => emails.get(person) ?? '',
    observe: ({ address, email, ...signal }) =>
      detection.observe({
        kind: 'log_in',
        outcome: 'wrong_password',
        userAgent: 'curl/8.5',
        personId: null,
        emailIndex: email === undefined ? null : indexOf(email),
        ...signal,
        clientKey: clientKeyOf(address),
      }),
    async evaluate() {
      // A full round means that more are waiting, as in the loop.
      for (let sum = { clients: 0, alerts: 0, flagged: 0 }; ;) {
        const round = await evaluateDetection(database.pool('bulkhead_worker'), 500)
        sum = {
          clients: sum.clients + round.clients,
          alerts: sum.alerts + round.alerts,
          flagged: sum.flagged + round.flagged,
        }
        if (round.clients < 500) return sum
      }
    },
    async alerts() {
      const { rows } = await superuser.query<AlertRow>(
        `select kind, severity, workspace_id, person_id, about, detail, occurrences,
                extract(epoch from created_at - $1)::float8 as second
         from security_alert where kind = any($2) order by created_at, kind, about`,
        [new Date(START), Object.keys(RULE_WORDS)],
      )
      return rows
    },
    async flagged() {
      const { rows } = await superuser.query<{ id: string; flag_reason: string }>(
        'select id, flag_reason from account.person where flagged_at is not null',
      )
      return new Map(rows.map((row) => [row.id, row.flag_reason]))
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}
