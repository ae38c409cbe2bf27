import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { startInstallation, until } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import type { HttpAnswer } from '../constellation/http.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink } from '../constellation/sink.ts'
import { alterProduct } from '../support/altered-product.ts'
import type { AlteredProduct } from '../support/altered-product.ts'
import { deviations, replay } from './replay.ts'

const MESSAGES = 40
const DOWN_MS = 3_000

interface World extends AsyncDisposable {
  readonly installation: Installation
  readonly sink: JournallingSink
}

interface Loot {
  /** Contents that were read while the keyring was away, and how reading was answered. */
  readonly read: number
  readonly readingStatus: string
  readonly sendingStatus: string
  /** What /readyz said. */
  readonly state: string
  readonly deliveredMeanwhile: number
  readonly accepted: number
  readonly delivered: number
  readonly copies: number
}

async function startWorld(altered?: AlteredProduct): Promise<World> {
  const sink = await startJournallingSink()
  const installation = await startInstallation({
    outbound: `smtp://127.0.0.1:${sink.port}`,
    ...(altered === undefined ? {} : { root: altered.root }),
  })
  return {
    installation,
    sink,
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]()
      await sink[Symbol.asyncDispose]()
      altered?.[Symbol.dispose]()
    },
  }
}

async function readWithoutKeyring({ installation, sink }: World): Promise<Loot> {
  const { http, from } = installation
  let accepted = 0
  const send = async (to: string): Promise<HttpAnswer> => {
    const answer = await http.send({ from, to, subject: 'x', text: `secret of ${to}` }, { timeoutMs: 20_000 })
    if (answer.status === 202) accepted += 1
    return answer
  }
  // The receiving side is slow, so that mail is under way when the keyring goes.
  await sink.behave({ rules: [{ at: 'dot', delayMs: 1_000 }] })
  const ids: string[] = []
  for (let i = 0; i < MESSAGES; i++) ids.push((await send(`reader${i}@reader.test`)).body.id)

  const rootKey = join(installation.dataDirectory, 'keyring/root.key')
  // Without its root it cannot come back, however often the supervisor tries.
  renameSync(rootKey, `${rootKey}.away`)
  installation.kill('keyring')
  const before = sink.journal().length
  await until('the state to say so', 20_000, async () => !(await installation.isReady()))
  const reading = await Promise.all(
    ids.slice(0, 10).map((id) => http.call('GET', `/v1/messages/${id}/content`, { timeoutMs: 20_000 })),
  )
  const state = await fetch(`${installation.apiUrl}/readyz`).then((answer) => answer.text())
  const sending = await send('late@reader.test')
  await new Promise((done) => setTimeout(done, DOWN_MS))
  const deliveredMeanwhile = sink.journal().length - before
  renameSync(`${rootKey}.away`, rootKey)
  await installation.untilReady(40_000)
  await sink.behave({ rules: [] })
  const ledger = await installation.untilSettled(60_000, 'pending or scheduled')
  const recipients = sink.journal().map((line) => line.recipient)
  return {
    read: reading.filter((answer) => answer.status === 200).length,
    readingStatus: [
      ...new Set(reading.map((answer) => `${answer.status} ${answer.body?.code ?? ''}`.trim())),
    ].join(', '),
    sendingStatus: `${sending.status} ${sending.body?.code ?? ''}`.trim(),
    state,
    deliveredMeanwhile,
    accepted,
    delivered: ledger.delivered,
    copies: recipients.length - new Set(recipients).size,
  }
}

replay<World, Loot>(
  {
    id: 'X-07',
    source: 'replays §1.7; design §2',
    attack:
      'whoever takes the keyring away → hopes that content is read without it and without a record, or that mail is lost',
    bound:
      '0 contents read (503 with the reason); /readyz names the keyring; what was accepted is delivered once',
    control:
      'the API keeps the keys that it sealed with and reads with them: content opens without the keyring',
  },
  {
    real: () => startWorld(),
    control: () =>
      startWorld(
        alterProduct([
          {
            file: 'server/src/platform/keyring-client/content-keys.ts',
            find: '        leases.set(workspaceId, lease, value.expiresAtMs)\n',
            replace:
              '        leases.set(workspaceId, lease, value.expiresAtMs)\n        opened.set(`${workspaceId}/${value.keyId}`, value.key, value.expiresAtMs)\n',
          },
        ]),
      ),
    attack: readWithoutKeyring,
    judge: (loot) => ({
      breaches: [
        ...deviations(
          { read: 0, readingStatus: '503 unavailable', copies: 0, delivered: loot.accepted },
          { ...loot },
        ),
        ...(/keyring/.test(loot.state)
          ? []
          : [`/readyz does not name the keyring: ${loot.state.slice(0, 200)}`]),
        ...(/^(202|503 unavailable)/.test(loot.sendingStatus)
          ? []
          : [`sending answers ${loot.sendingStatus}`]),
      ],
      evidence: {
        read: loot.read,
        reading: loot.readingStatus,
        sending: loot.sendingStatus,
        accepted: loot.accepted,
        deliveredMeanwhile: loot.deliveredMeanwhile,
        delivered: loot.delivered,
        copies: loot.copies,
      },
    }),
    succeeded({ read }) {
      if (read === 0) throw new Error('nothing was read')
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
