import { openSmtp, SmtpGone } from '../constellation/smtp.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { startTestSubmission } from '../flows/submission-fixture.ts'
import type { SubmissionFixture } from '../flows/submission-fixture.ts'
import { startAlteredApi } from '../support/altered-api.ts'
import { aPerson } from '../support/people.ts'
import type { TestPerson } from '../support/people.ts'
import { replay } from './replay.ts'

const EMAIL = 'owner@people.test'
const PASSWORD = 'one password for everything'

interface World extends AsyncDisposable {
  readonly api: ApiFixture
  readonly submission: SubmissionFixture
  readonly owner: TestPerson
  readonly username: string
}

interface Loot {
  readonly tried: number
  readonly opened: readonly string[]
  /** Answers that were neither 535 nor 401: how a refusal reads must not depend on what was shown. */
  readonly odd: readonly string[]
}

async function startWorld(api: ApiFixture): Promise<World> {
  const submission = await startTestSubmission(api)
  const { id, key } = await api.workspace()
  const owner = await aPerson(api, { email: EMAIL, password: PASSWORD, memberOf: [{ workspace: id }] })
  const made = await api.call(key, 'POST', '/v1/smtp-credentials', { name: 'shop' })
  return {
    api,
    submission,
    owner,
    username: String(made.body.username),
    async [Symbol.asyncDispose]() {
      await submission[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

async function attack({ api, submission, owner, username }: World): Promise<Loot> {
  const opened: string[] = []
  const odd: string[] = []
  let tried = 0
  const note = (what: string, code: number, open: readonly number[], refused: readonly number[]): void => {
    tried += 1
    if (open.includes(code)) opened.push(what)
    else if (!refused.includes(code)) odd.push(`${what}: ${code}`)
  }
  for (const name of [owner.email, owner.email.toUpperCase(), username, 'apikey', owner.id]) {
    for (const lines of [
      [`AUTH PLAIN ${base64(`\0${name}\0${owner.password}`)}`],
      [`AUTH LOGIN`, base64(name), base64(owner.password)],
    ]) {
      await using wire = await openSmtp(submission.ports.implicit, undefined)
      let code = 0
      try {
        for (const line of lines) ({ code } = await wire.command(line))
      } catch (error) {
        if (!(error instanceof SmtpGone)) throw error
      }
      note(`${lines[0]?.slice(0, 10)} ${name}`, code, [235], [535])
    }
  }
  const basic = Buffer.from(`${owner.email}:${owner.password}`).toString('base64')
  for (const authorization of [
    `Bearer ${owner.password}`,
    `Bearer ${encodeURIComponent(owner.password)}`,
    `Basic ${basic}`,
  ]) {
    for (const path of ['/v1/messages', '/v1/workspace', '/v1/api-keys', '/v1/account']) {
      const { status } = await fetch(`${api.url}${path}`, { headers: { authorization } })
      note(`${authorization.slice(0, 7)} ${path}`, status, [200], [401])
    }
  }
  return { tried, opened, odd }
}

replay<World, Loot>(
  {
    id: 'S-08',
    source: 'S:29',
    attack: 'whoever has the right password of an owner’s account → shows it on SMTP AUTH and to the API',
    bound: '535 and 401 everywhere: the password of a person signs in at log-in and nowhere else',
    control:
      'the product of 2015: the credential for mail is the address and the password of the account, and SMTP takes it',
  },
  {
    real: async () => startWorld(await startApi()),
    control: async () =>
      startWorld(
        await startAlteredApi([
          {
            file: 'server/src/modules/smtp-credentials/smtp-credentials-service.ts',
            find: 'const password = randomBase62(PASSWORD_CHARS)',
            replace: `void PASSWORD_CHARS\n    const password = '${PASSWORD}'`,
          },
          {
            file: 'server/src/modules/smtp-credentials/smtp-credentials-service.ts',
            find: 'const username = `smtp_${randomBase62(USERNAME_CHARS)}`',
            replace: `void [randomBase62, USERNAME_CHARS]\n    const username = '${EMAIL}'`,
          },
        ]),
      ),
    attack,
    judge: ({ tried, opened, odd }) => ({
      breaches: [...opened.map((what) => `opened by ${what}`), ...odd],
      evidence: { tried, opened: opened.length },
    }),
    succeeded({ opened }) {
      if (!opened.some((what) => what.startsWith('AUTH PLAIN'))) throw new Error('SMTP did not take it')
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
