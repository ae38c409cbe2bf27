import { withClient } from '../../src/platform/postgres/index.ts'
import { databaseUrls, operatorKey } from '../constellation/database.ts'
import { startInstallation, until } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink } from '../constellation/sink.ts'
import { deviations, replay } from './replay.ts'

interface World extends AsyncDisposable {
  readonly installation: Installation
  readonly sink: JournallingSink
}

interface Loot {
  /** Privileged acts that were done while nobody recorded them; and how they were answered. */
  readonly actsDone: number
  readonly answers: string
  readonly actsDoneFull: number
  readonly sent: number
  readonly delivered: number
  readonly takenAway: number
  readonly actsAfterwards: number
  readonly waiting: number
}

const MAIL = 30
/** What may wait at most (migrations/0008_audit.sql). */
const BUFFER = 100_000

async function startWorld(withTrigger: boolean): Promise<World> {
  const sink = await startJournallingSink()
  const installation = await startInstallation({ outbound: `smtp://127.0.0.1:${sink.port}` })
  if (!withTrigger) await sql(installation, 'drop trigger must_flow on audit_outbox')
  return {
    installation,
    sink,
    async [Symbol.asyncDispose]() {
      installation.signal('audit', 'SIGCONT')
      await installation[Symbol.asyncDispose]()
      await sink[Symbol.asyncDispose]()
    },
  }
}

/** Runs statements as the superuser; answers the column n of a single one. */
function sql(installation: Installation, text: string): Promise<number> {
  return withClient(databaseUrls(installation.dataDirectory).superuser, 'replay', async (client) => {
    const result: unknown = await client.query(text)
    const rows: readonly { n?: number }[] = Array.isArray(result) ? [] : Reflect.get(Object(result), 'rows')
    return rows[0]?.n ?? 0
  })
}

function countDone(answers: readonly string[]): number {
  return answers.filter((answer) => answer.startsWith('2')).length
}

async function actUnrecorded({ installation }: World): Promise<Loot> {
  const { http, from, dataDirectory } = installation
  const operator = operatorKey(dataDirectory)
  const spare = (await http.call('POST', '/v1/api-keys', { body: { name: 'spare' } })).body
  const privileged = async (): Promise<string[]> => {
    const answers = await Promise.all([
      http.call('POST', '/v1/api-keys', { body: { name: 'x' } }),
      http.call('POST', '/v1/smtp-credentials', { body: { name: 'x' } }),
      http.call('POST', '/v1/suppressions', { body: { email: 'someone@reader.test' } }),
      http.call('POST', '/v1/webhooks', { body: { url: 'https://hooks.example.com/x' } }),
      http.call('POST', '/v1/workspaces', { key: operator, body: { name: 'x' } }),
    ])
    return answers.map(({ status, body }) => `${status} ${body?.code ?? ''}`.trim())
  }

  // The sequencer hangs: it holds its place and does nothing.
  installation.signal('audit', 'SIGSTOP')
  await sql(
    installation,
    `insert into audit_outbox (id, at, actor, action) values (gen_random_uuid(), now(), 'operator:replay', 'replay.waits')`,
  )
  // Three minutes later, without waiting for them.
  await sql(installation, `update audit_outbox set at = at - interval '3 minutes'`)
  const answers = await privileged()
  let sent = 0
  for (let i = 0; i < MAIL; i++) {
    const { status } = await http.send({ from, to: `reader${i}@reader.test`, subject: 'x', text: 'x' })
    if (status === 202) sent += 1
  }
  const deliveredAll = async (): Promise<boolean> => (await installation.ledger()).delivered === MAIL
  await until('the delivery', 20_000, deliveredAll).catch(() => undefined)
  const { delivered } = await installation.ledger()
  // What only takes away works when nothing else does.
  const revoked = await http.call('DELETE', `/v1/api-keys/${spare.id}`)
  const ended = await http.call('POST', '/v1/epochs', { body: { class: 'session', reason: 'x' } })
  const takenAway = [revoked.status, ended.status].filter((status) => status < 300).length

  // Young, but too many.
  await sql(
    installation,
    `set session_replication_role = replica;
     delete from audit_outbox where at < now() - interval '2 minutes';
     insert into audit_outbox (id, at, actor, action)
     select gen_random_uuid(), now() - interval '5 seconds', 'operator:replay', 'replay.waits' from generate_series(1, ${BUFFER + 1});
     set session_replication_role = origin`,
  )
  const full = await privileged()
  const waiting = await sql(installation, 'select count(*)::int as n from audit_outbox')
  await sql(installation, `delete from audit_outbox where action = 'replay.waits'`)
  installation.signal('audit', 'SIGCONT')
  let afterwards: string[] = []
  await until('acts go on', 20_000, async () => {
    afterwards = await privileged()
    return countDone(afterwards) === afterwards.length
  })
  return {
    actsDone: countDone(answers),
    answers: [...new Set(answers)].join(', '),
    actsDoneFull: countDone(full),
    sent,
    delivered,
    takenAway,
    actsAfterwards: countDone(afterwards),
    waiting,
  }
}

replay<World, Loot>(
  {
    id: 'X-08',
    source: 'replays §1.7',
    attack: 'whoever stops the audit process → makes keys, webhooks and workspaces that nobody records',
    bound:
      'after 2 minutes or 100,000 waiting acts: 0 privileged acts are done (503); mail flows; what only takes away works',
    control: 'the trigger that stops acts is dropped in the test database: they are done unrecorded',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    attack: actUnrecorded,
    judge: (loot) => ({
      breaches: deviations(
        {
          actsDone: 0,
          answers: '503 unavailable',
          actsDoneFull: 0,
          sent: MAIL,
          delivered: MAIL,
          takenAway: 2,
          actsAfterwards: 5,
        },
        { ...loot },
      ),
      evidence: { ...loot },
    }),
    succeeded({ actsDone, actsDoneFull }) {
      if (actsDone !== 5 || actsDoneFull !== 5)
        throw new Error(`${actsDone} and ${actsDoneFull} acts were done`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
