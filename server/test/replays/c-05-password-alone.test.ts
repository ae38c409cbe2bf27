import { apiOperations } from '../../src/surfaces/api/registry.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { startAlteredApi } from '../support/altered-api.ts'
import { startAudit } from '../support/audit.ts'
import { aBrowser, aPerson, lettersTo } from '../support/people.ts'
import { replay } from './replay.ts'

/** What a session that has shown a password alone is for, and what nobody needs to be known for. */
const OPEN_TO_IT = new Set(['public', 'account:enrol', 'account:self'])

interface World extends AsyncDisposable {
  readonly api: ApiFixture
}

interface Loot {
  readonly level: string
  readonly operations: number
  /** Operations that answered anything but `second_factor_required`. */
  readonly opened: readonly string[]
}

async function startWorld(api: ApiFixture): Promise<World> {
  const audit = startAudit(api.database)
  return {
    api,
    async [Symbol.asyncDispose]() {
      await audit[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

/** He has the password and the mailbox too, and an owner's account: everything but a second factor. Then he asks for everything there is. */
async function attack({ api }: World): Promise<Loot> {
  const workspace = (await api.workspace()).id
  const owner = await aPerson(api, { memberOf: [{ workspace }] })
  const at = aBrowser(api)
  const begun = await at.call('POST', '/v1/log-in', { email: owner.email, password: owner.password })
  const [letter] = await lettersTo(api, owner.email)
  const code = /\b\d{4} \d{4}\b/.exec(letter?.text ?? '')?.[0]
  const entered = await at.call('POST', '/v1/log-in/email-code', { challenge: begun.body.challenge, code })
  const asked = apiOperations.filter(({ scope }) => !OPEN_TO_IT.has(scope))
  const opened: string[] = []
  for (const operation of asked) {
    const path = operation.path.replaceAll(/\{\w+\}/g, 'x')
    const body = operation.method === 'GET' || operation.method === 'DELETE' ? undefined : {}
    const answer = await at.call(operation.method, path, body, { 'bulkhead-workspace': workspace })
    if (answer.status !== 403 || answer.body?.code !== 'second_factor_required')
      opened.push(`${operation.id} ${answer.status}`)
  }
  return { level: String(entered.body?.session?.level), operations: asked.length, opened }
}

replay<World, Loot>(
  {
    id: 'C-05',
    source: 'C:7, C:37',
    attack:
      'whoever has the password and the mailbox of an owner who has no second factor → asks for every operation there is',
    bound:
      'the session can add a second factor and nothing else: every operation over a workspace or the account is refused',
    control: 'a session without second factor counts as a whole one: operations over the account open',
  },
  {
    real: async () => startWorld(await startApi({ trustedProxies: ['127.0.0.1'] })),
    control: async () =>
      startWorld(
        await startAlteredApi(
          [
            {
              file: 'server/src/security/access/people-access.ts',
              find: "if (row.level === 'enrolment')",
              replace: "if (String(row.level) === 'never')",
            },
          ],
          { trustedProxies: ['127.0.0.1'] },
        ),
      ),
    attack,
    judge: ({ level, operations, opened }) => ({
      breaches: [
        ...(level === 'enrolment' ? [] : [`the session is ${level}`]),
        ...opened.map((operation) => `answered: ${operation}`),
      ],
      evidence: { operations, opened: opened.length },
    }),
    succeeded({ opened }) {
      if (!opened.some((operation) => operation.startsWith('sessions.list 200')))
        throw new Error('the account stayed closed')
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
