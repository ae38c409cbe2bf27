import { createIdGenerator } from '../../src/kernel/ids.ts'
import { errorCode } from '../../src/platform/postgres/index.ts'
import type { Pool, Queryable } from '../../src/platform/postgres/index.ts'
import type { TestDatabase } from './database.ts'

/** What one run of switches showed. */
export interface SwitchReport {
  readonly trials: number
  /** Contained writes that became visible between contain()'s return and the lift. Must be 0. */
  readonly violations: number
  /** From the call of contain() to its return, per trial. */
  readonly latenciesMs: readonly number[]
  /** Commits that were acknowledged, per class, over all trials. */
  readonly committed: Readonly<Record<'api' | 'worker', number>>
  readonly refused: Readonly<Record<'api' | 'worker', number>>
  /** Trials in which the class that was not contained committed while the other one was. */
  readonly othersWentOn: number
  /** Trials that contained one class only. */
  readonly oneClassTrials: number
}

export interface SwitchOptions {
  readonly database: TestDatabase
  readonly trials: number
  /** Per class. */
  readonly writers: number
  /** How long a containment is held, at least; it is also held until the writers have tried. */
  readonly holdMs?: number
  /** 0 to 1, for a run that can be repeated. */
  readonly random?: () => number
}

const CLASSES = ['api', 'worker', 'any'] as const

/**
 * Writers of two classes write into one workspace without a pause while it is contained and lifted again and again, by the real functions
 * and by two people. After each return, what the contained classes have committed is counted, and counted again before the lift.
 */
export async function runSwitchTrials(options: SwitchOptions): Promise<SwitchReport> {
  const { database, trials } = options
  const random = options.random ?? Math.random
  const newId = createIdGenerator()
  const superuser = database.pool('superuser')
  const workspace = newId()
  const keys = [newId(), newId()] as const
  const domains = Array.from({ length: options.writers }, () => newId())
  await superuser.query(`insert into workspace (id, name) values ($1, 'Switches')`, [workspace])
  for (const id of keys) {
    await superuser.query(
      `insert into api_key (id, workspace_id, name, prefix, secret_hash, scopes) values ($1, $2, 'k', 'p', $3, '{}')`,
      [id, workspace, Buffer.from(id)],
    )
  }
  for (const id of domains) {
    await superuser.query(
      `insert into sending_domain (id, workspace_id, name, checks) values ($1, $2, $3, '0')`,
      [id, workspace, `${id}.test`],
    )
  }

  const committed = { api: 0, worker: 0 }
  const refused = { api: 0, worker: 0 }
  const tries = { api: 0, worker: 0 }
  const stop = new AbortController()

  async function write(kind: 'api' | 'worker', pool: Pool, statement: () => [string, unknown[]]) {
    while (!stop.signal.aborted) {
      try {
        const [text, values] = statement()
        await pool.transaction((transaction) => transaction.query(text, values), {
          workspaceId: workspace,
          actor: `api_key:${keys[0]}`,
        })
        committed[kind] += 1
      } catch (error) {
        // 57P01: a straggler was ended. Anything else is not what this is about.
        if (errorCode(error) === 'BH423') refused[kind] += 1
        else if (errorCode(error) !== '57P01') throw error
      }
      tries[kind] += 1
    }
  }

  const work = [
    ...domains.map(() =>
      write('api', database.pool('bulkhead_api'), () => [
        `insert into sending_domain (id, workspace_id, name, next_check_at) values ($1, $2, $3, 'infinity')`,
        [newId(), workspace, `${newId()}.test`],
      ]),
    ),
    ...domains.map((id) =>
      write('worker', database.pool('bulkhead_worker'), () => [
        `update sending_domain set checks = to_jsonb((checks #>> '{}')::int + 1) where id = $1`,
        [id],
      ]),
    ),
  ]
  const failed = Promise.all(work).then(
    () => null,
    (error: unknown) => error,
  )

  async function counts(through: Queryable): Promise<{ api: number; worker: number }> {
    const { rows } = await through.query<{ api: number; worker: number }>(
      `select count(*) filter (where jsonb_typeof(checks) = 'array')::int as api,
              coalesce(sum((checks #>> '{}')::int) filter (where jsonb_typeof(checks) = 'number'), 0)::int as worker
       from sending_domain where workspace_id = $1`,
      [workspace],
    )
    return rows[0] ?? { api: 0, worker: 0 }
  }

  /** The count is taken before the commit of the switch: whoever commits after it and before the lift is a violation. */
  async function contain(actorClass: string) {
    return database.pool('bulkhead_api').transaction(
      async (transaction) => {
        const { rows } = await transaction.query<{ id: string; unfinished: number }>(
          `select id, unfinished from engine.contain('workspace', $1, null, $2, '{sender-change}', 'security_hold', 'a trial', null,
             null, now() + interval '1 hour', $3)`,
          [workspace, actorClass, `api_key:${keys[0]}`],
        )
        return { made: rows[0], after: await counts(transaction) }
      },
      { workspaceId: workspace },
    )
  }

  /** One of the two people of a lift. */
  async function asKey(key: string, text: string, id: string | undefined): Promise<void> {
    await database
      .pool('bulkhead_api')
      .transaction((transaction) => transaction.query(text, [id, `api_key:${key}`]), {
        workspaceId: workspace,
      })
  }

  let violations = 0
  let othersWentOn = 0
  let oneClassTrials = 0
  const latenciesMs: number[] = []
  for (let trial = 0; trial < trials; trial++) {
    const actorClass = CLASSES[Math.floor(random() * CLASSES.length)] ?? 'any'
    const before = performance.now()
    const { made, after } = await contain(actorClass)
    latenciesMs.push(performance.now() - before)
    const triesThen = { ...tries }
    // Every writer has met the containment at least once on average.
    const deadline = performance.now() + 2_000
    const holdUntil = performance.now() + (options.holdMs ?? 0)
    while (
      performance.now() < deadline &&
      (performance.now() < holdUntil ||
        tries.api < triesThen.api + options.writers ||
        tries.worker < triesThen.worker + options.writers)
    ) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const later = await counts(superuser)
    for (const kind of ['api', 'worker'] as const) {
      if (actorClass === 'any' || actorClass === kind) violations += Math.abs(later[kind] - after[kind])
      else if (later[kind] > after[kind]) othersWentOn += 1
    }
    if (actorClass !== 'any') oneClassTrials += 1
    if (made === undefined || made.unfinished > 0) violations += 1
    await asKey(keys[0], `select engine.request_lift($1, $2, 'over')`, made?.id)
    await asKey(keys[1], `select engine.lift($1, $2, 'over')`, made?.id)
    // Writers get going again before the next switch.
    const resumed = { ...committed }
    const resumeBy = performance.now() + 2_000
    while (
      performance.now() < resumeBy &&
      committed.api === resumed.api &&
      committed.worker === resumed.worker
    )
      await new Promise((resolve) => setTimeout(resolve, 1))
  }
  stop.abort()
  const error = await failed
  if (error !== null) throw error
  return { trials, violations, latenciesMs, committed, refused, othersWentOn, oneClassTrials }
}
