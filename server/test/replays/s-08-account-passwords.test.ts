import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { bindCredential, createCredentialPepper, hashSecret } from '../../src/security/access/index.ts'
import { openSmtp } from '../constellation/smtp.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { startTestSubmission } from '../flows/submission-fixture.ts'
import type { SubmissionFixture } from '../flows/submission-fixture.ts'
import { aPerson } from '../support/people.ts'
import type { TestPerson } from '../support/people.ts'
import { deviations, replay } from './replay.ts'

interface World extends AsyncDisposable {
  readonly api: ApiFixture
  readonly submission: SubmissionFixture
  readonly person: TestPerson
  readonly smtpUsername: string
}

interface Loot {
  readonly opened: readonly string[]
  readonly tried: number
  readonly smtpAnswers: ReadonlySet<string>
}

async function startWorld(isSmtpPassword: boolean): Promise<World> {
  const api = await startApi()
  const submission = await startTestSubmission(api)
  const { id, key } = await api.workspace()
  const person = await aPerson(api, { memberOf: [{ workspace: id, role: 'owner' }] })
  const { body } = await api.call(key, 'POST', '/v1/smtp-credentials', { name: 'x' })
  if (isSmtpPassword) await enterAsSmtpCredential(api, id, person)
  return {
    api,
    submission,
    person,
    smtpUsername: body.username,
    async [Symbol.asyncDispose]() {
      await submission[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

/** What a product does that takes the password of the account on its doors: the account is a credential there. */
async function enterAsSmtpCredential(api: ApiFixture, workspace: string, person: TestPerson): Promise<void> {
  const id = createIdGenerator()()
  const workspaceId = decodeId('workspace', workspace)
  const pepper = createCredentialPepper({ keyring: api.keyring('api'), name: 'credential' })
  const bound = { kind: 'smtp_credential', id, workspaceId, scopes: [], expiresAt: null } as const
  const { hash, binding } = await bindCredential(pepper, bound, hashSecret(person.password))
  await api.database
    .pool('superuser')
    .query(
      `insert into smtp_credential (workspace_id, id, name, username, secret_hash, binding) values ($1, $2, 'account', $3, $4, $5)`,
      [workspaceId, id, person.email, hash, binding],
    )
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

async function attack({ api, submission, person, smtpUsername }: World): Promise<Loot> {
  const opened: string[] = []
  const smtpAnswers = new Set<string>()
  let tried = 0
  for (const username of [
    person.email,
    person.email.toUpperCase(),
    smtpUsername,
    person.id,
    `member:${person.id}`,
  ]) {
    for (const how of ['PLAIN', 'LOGIN'] as const) {
      tried += 1
      await using wire = await openSmtp(submission.ports.implicit, undefined)
      let answer
      if (how === 'PLAIN')
        answer = await wire.command(`AUTH PLAIN ${base64(`\0${username}\0${person.password}`)}`)
      else {
        await wire.command('AUTH LOGIN')
        await wire.command(base64(username))
        answer = await wire.command(base64(person.password))
      }
      if (answer.code === 235) opened.push(`SMTP AUTH ${how} as ${username}`)
      else smtpAnswers.add(answer.text)
    }
  }
  const basic = Buffer.from(`${person.email}:${person.password}`).toString('base64')
  const headers: readonly Readonly<Record<string, string>>[] = [
    { authorization: `Bearer ${person.password.replaceAll(' ', '')}` },
    { authorization: `Bearer ${person.password}` },
    { authorization: `Bearer ${person.email}` },
    { authorization: `Bearer ${basic}` },
    { authorization: `Basic ${basic}` },
    { 'x-api-key': person.password },
    { cookie: `__Host-bulkhead-session=${encodeURIComponent(person.password)}` },
  ]
  for (const header of headers) {
    tried += 1
    const response = await fetch(`${api.url}/v1/messages`, { headers: header })
    await response.arrayBuffer()
    if (response.status !== 401) opened.push(`API with ${Object.keys(header)[0]}: ${response.status}`)
  }
  return { opened, tried, smtpAnswers }
}

replay<World, Loot>(
  {
    id: 'S-08',
    source: 'SendGrid 2015: user name and password of the account were the API credential [S:29]',
    attack: "the right e-mail address and password of a workspace's owner, on SMTP AUTH and on the API",
    bound: 'open nothing: 535 in the words of a wrong password, and 401',
    control: 'the address and the password of the account are entered as an SMTP credential: they open SMTP',
  },
  {
    real: () => startWorld(false),
    control: () => startWorld(true),
    attack,
    judge: (loot) => ({
      breaches: [
        ...deviations({ opened: 0 }, { opened: loot.opened.length }),
        ...[...loot.smtpAnswers]
          .filter((text) => text !== '535 5.7.8 The user name or the password is not valid.')
          .map((text) => `SMTP answered: ${text}`),
      ],
      evidence: { tried: loot.tried, opened: loot.opened.join('; ') || 'none' },
    }),
    succeeded(loot) {
      if (!loot.opened.some((item) => item.startsWith('SMTP AUTH')))
        throw new Error('entered as a credential, the password should have opened SMTP')
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
