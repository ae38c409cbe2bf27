import { setTimeout as sleep } from 'node:timers/promises'
import { decodeId } from '../../src/kernel/ids.ts'
import { withClient } from '../../src/platform/postgres/index.ts'
import { databaseUrls } from '../constellation/database.ts'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink } from '../constellation/sink.ts'
import { deviations, replay } from './replay.ts'

interface World extends AsyncDisposable {
  readonly installation: Installation
  readonly sink: JournallingSink
}

interface Loot {
  readonly before: string
  readonly after: string
  readonly smtpBefore: string
  readonly smtpAfter: string
  readonly delivered: number
  readonly queued: number
  readonly ownDataStatus: number
}

const QUEUED = 10
const LOOK_MS = 2_500

async function startWorld(isDurable: boolean): Promise<World> {
  const sink = await startJournallingSink()
  const installation = await startInstallation({ outbound: `smtp://127.0.0.1:${sink.port}` })
  if (!isDurable) {
    await withClient(databaseUrls(installation.dataDirectory).superuser, 'replay', async (client) => {
      await client.query('alter table containment_approval set unlogged')
      await client.query('alter table containment set unlogged')
    })
  }
  return {
    installation,
    sink,
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]()
      await sink[Symbol.asyncDispose]()
    },
  }
}

async function killAndTryAgain({ installation, sink }: World): Promise<Loot> {
  const { http, from } = installation
  // Mail that lies in the queue when the containment is made; the receiving side takes none of it yet.
  await sink.behave({ rules: [{ at: 'rcpt', reply: '451 4.7.1 later' }] })
  for (let i = 0; i < QUEUED; i++) {
    const answer = await http.send({ from, to: `queued${i}@reader.test`, subject: 'x', text: 'x' })
    if (answer.status !== 202) throw new Error(answer.text)
  }
  await contain(installation)
  await sleep(1_200)
  await sink.behave({ rules: [] })
  const [before, smtpBefore] = [await tryHttp(installation), await trySmtp(installation)]
  await installation.killEverything()
  await installation.restart()
  const [after, smtpAfter] = [await tryHttp(installation), await trySmtp(installation)]
  await sleep(LOOK_MS)
  const own = await http.call('GET', '/v1/messages')
  return {
    before,
    after,
    smtpBefore,
    smtpAfter,
    delivered: sink.journal().length,
    queued: (await installation.ledger()).pending,
    ownDataStatus: own.status,
  }
}

/** Staff contain the workspace: nothing is sent and nothing leaves, for an hour. */
async function contain(installation: Installation): Promise<void> {
  await withClient(databaseUrls(installation.dataDirectory).roles.bulkhead_staff, 'replay', (client) =>
    client.query(
      `select engine.contain('workspace', $1, null, 'any', '{send,deliver}', 'security_hold', 'We look into it.', 'INC-5', null,
         now() + interval '1 hour', 'staff:00000000-0000-0000-0000-000000000001')`,
      [decodeId('workspace', installation.workspaceId)],
    ),
  )
}

async function tryHttp({ http, from }: Installation): Promise<string> {
  const { status, body } = await http.send({ from, to: 'new@reader.test', subject: 'x', text: 'x' })
  return `${status} ${body?.incident ?? ''}`.trim()
}

async function trySmtp(installation: Installation): Promise<string> {
  try {
    await using wire = await installation.openSmtp()
    const { text } = await wire.send(installation.from, ['smtp@reader.test'], 'Subject: x\r\n\r\nx\r\n')
    return text.slice(0, 9)
  } catch (error) {
    // A log-in that is refused says so in its reply.
    return /\d{3} \d\.\d\.\d/.exec(error instanceof Error ? error.message : '')?.[0] ?? String(error)
  }
}

replay<World, Loot>(
  {
    id: 'X-05',
    source: 'replays §1.7',
    attack:
      'hijacked client of a contained workspace → kills every process and PostgreSQL at once and tries again after the restart',
    bound:
      '0 accepted over HTTP (423 with the incident) and SMTP (451 4.7.1), 0 of the queued mail delivered; own data stays readable',
    control: 'the containment lies in an unlogged table: it is forgotten, and mail flows',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    attack: killAndTryAgain,
    judge: (loot) => ({
      breaches: deviations(
        {
          before: '423 INC-5',
          after: '423 INC-5',
          smtpBefore: '451 4.7.1',
          smtpAfter: '451 4.7.1',
          delivered: 0,
          queued: QUEUED,
          ownDataStatus: 200,
        },
        { ...loot },
      ),
      evidence: { ...loot },
    }),
    succeeded({ after, delivered }) {
      if (!after.startsWith('202') || delivered === 0) throw new Error(`${after}, ${delivered} delivered`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
