import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHttp } from '../constellation/http.ts'
import { operatorKey } from '../constellation/database.ts'
import { startInstallation, until } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { lettersInInbox, signUp } from '../constellation/people.ts'
import type { Citizen } from '../constellation/people.ts'
import { alterProduct } from '../support/altered-product.ts'
import type { AlteredProduct } from '../support/altered-product.ts'
import { PEOPLE_ENV } from './plant-people.ts'
import { deviations, replay } from './replay.ts'

interface World extends AsyncDisposable {
  readonly installation: Installation
}

interface Loot {
  /** How many of what had been taken away work again after the restore. */
  readonly revokedKeys: number
  readonly epochKilledKeys: number
  readonly liftedContainments: number
  /** Sessions of people that were ended, and suspended people whose password is taken. */
  readonly endedSessions: number
  readonly suspendedPeople: number
  readonly ownKey: number
  readonly restartMs: number
}

const KEYS = 20
const PEOPLE = 2

async function startWorld(altered?: AlteredProduct): Promise<World> {
  const installation = await startInstallation({
    env: PEOPLE_ENV,
    ...(altered === undefined ? {} : { root: altered.root }),
  })
  return {
    installation,
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]()
      altered?.[Symbol.dispose]()
    },
  }
}

/** Takes a backup of the database's files, lets people take things away, and puts the backup back. */
async function restoreOldBackup({ installation }: World): Promise<Loot> {
  const { http, dataDirectory, clusterDirectory, from } = installation
  const operator = operatorKey(dataDirectory)
  const workspace = async (name: string): Promise<{ id: string; key: string }> => {
    const { body } = await http.call('POST', '/v1/workspaces', { key: operator, body: { name } })
    return { id: body.workspace.id, key: body.apiKey.key }
  }
  const ended = await workspace('Ended')
  const revoked: { id: string; key: string }[] = []
  const killed: string[] = []
  for (let i = 0; i < KEYS; i++) {
    revoked.push((await http.call('POST', '/v1/api-keys', { body: { name: 'stolen' } })).body)
    killed.push(
      (await http.call('POST', '/v1/api-keys', { key: ended.key, body: { name: 'stolen' } })).body.key,
    )
  }
  const staffApi = createHttp(installation.staffUrl, operator)
  const staff = (await staffApi.call('POST', '/v1/staff', { body: { label: 'ann' } })).body.key
  const people: Citizen[] = []
  for (let i = 0; i < PEOPLE; i++)
    people.push(
      await signUp(installation, lettersInInbox(installation), {
        email: `person-${i}@people.test`,
        password: `quite a long pass phrase ${i}`,
        name: 'Ann',
        workspaceName: 'Shop',
      }),
    )
  await untilOnFile(http)
  await installation.killEverything()
  const backup = `${clusterDirectory}.backup`
  execFileSync('cp', ['-a', clusterDirectory, backup])
  await installation.restart()

  for (const { id } of revoked) await done(http.call('DELETE', `/v1/api-keys/${id}`))
  await done(
    http.call('POST', '/v1/epochs', { key: ended.key, body: { class: 'api_key', reason: 'stolen' } }),
  )
  for (const person of people) {
    await done(person.call('POST', '/v1/log-out'))
    const found = await http.call('POST', '/v1/people/find', { key: operator, body: { email: person.email } })
    await done(http.call('POST', `/v1/people/${found.body.id}/disable`, { key: operator }))
  }
  const containment = {
    scope: 'workspace',
    workspaceId: installation.workspaceId,
    capabilities: ['send'],
    reason: 'We look into it.',
  }
  await done(createHttp(installation.staffUrl, staff).call('POST', '/v1/containments', { body: containment }))
  await untilOnFile(http)
  await installation.killEverything()
  rmSync(clusterDirectory, { recursive: true })
  execFileSync('cp', ['-a', backup, clusterDirectory])
  rmSync(backup, { recursive: true })
  const startedMs = performance.now()
  await installation.restart()
  const restartMs = performance.now() - startedMs
  // Longer than anything is kept in memory.
  await sleep(1_200)
  const works = async (key: string): Promise<boolean> =>
    (await http.call('GET', '/v1/workspace', { key })).status === 200
  const count = async (keys: readonly string[]): Promise<number> =>
    (await Promise.all(keys.map(works))).filter(Boolean).length
  const signsIn = async ({ email, password }: Citizen): Promise<boolean> =>
    (await http.call('POST', '/v1/log-in', { key: '', body: { email, password } })).status < 300
  const countOf = async (check: (person: Citizen) => Promise<boolean>): Promise<number> =>
    (await Promise.all(people.map(check))).filter(Boolean).length
  const endedSessions = await countOf(isOpen)
  const suspendedPeople = await countOf(signsIn)
  const sent = await http.send({ from, to: 'someone@reader.test', subject: 'x', text: 'x' })
  return {
    revokedKeys: await count(revoked.map(({ key }) => key)),
    epochKilledKeys: await count(killed),
    liftedContainments: sent.status === 202 ? 1 : 0,
    endedSessions,
    suspendedPeople,
    ownKey: (await works(installation.apiKey)) ? 1 : 0,
    restartMs: Math.round(restartMs),
  }
}

async function isOpen(person: Citizen): Promise<boolean> {
  return (await person.call('GET', '/v1/account')).status === 200
}

/** Waits until the acts so far are in the log and its files. */
async function untilOnFile(http: Installation['http']): Promise<void> {
  await until('the acts are in the log', 20_000, async () => {
    const { body } = await http.call('GET', '/v1/audit/state')
    return body?.waitingSince === null || body?.waitingSince === undefined
  })
  await sleep(1_500)
}

async function done(answer: Promise<{ status: number; text: string }>): Promise<void> {
  const { status, text } = await answer
  if (status >= 300) throw new Error(`${status} ${text}`)
}

replay<World, Loot>(
  {
    id: 'X-04',
    source: 'replays §1.7',
    attack:
      'holder of revoked keys → waits until the database is restored from a backup that is older than the revocation',
    bound:
      '0 revoked keys, 0 keys below a floor, 0 contained sends, 0 ended sessions and 0 suspended people work after the restore; what was not revoked works',
    control: 'the log is not taken up again after the restore: all of it is back',
  },
  {
    real: () => startWorld(),
    control: () =>
      startWorld(
        alterProduct([
          {
            file: 'server/src/security/audit/recovery.ts',
            find: 'if (acts.length === 0) return',
            replace: 'if (acts.length >= 0) return',
          },
          {
            file: 'server/src/security/audit/recovery.ts',
            find: '  await closeAfterRestore(deps.pool)\n',
            replace: '',
          },
        ]),
      ),
    attack: restoreOldBackup,
    judge: (loot) => ({
      breaches: deviations(
        {
          revokedKeys: 0,
          epochKilledKeys: 0,
          liftedContainments: 0,
          endedSessions: 0,
          suspendedPeople: 0,
          ownKey: 1,
        },
        { ...loot },
      ),
      evidence: { revoked: KEYS, belowAFloor: KEYS, ...loot },
    }),
    succeeded({ revokedKeys, epochKilledKeys, liftedContainments, endedSessions, suspendedPeople }) {
      if (endedSessions !== PEOPLE || suspendedPeople !== PEOPLE)
        throw new Error(`${endedSessions} sessions, ${suspendedPeople} people came back`)
      if (revokedKeys !== KEYS || epochKilledKeys !== KEYS || liftedContainments !== 1)
        throw new Error(`${revokedKeys}, ${epochKilledKeys}, ${liftedContainments} came back`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
