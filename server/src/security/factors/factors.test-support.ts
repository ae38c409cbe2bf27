import { randomBytes, randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { createAuthenticator } from '../../../test/support/authenticator.ts'
import type { Bend, SoftwareAuthenticator } from '../../../test/support/authenticator.ts'
import { createTestDatabase } from '../../../test/support/database.ts'
import { createIdGenerator } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { createKeyringClient } from '../../platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../platform/keyring-client/test-keyring.ts'
import { seal } from '../../platform/sealing/index.ts'
import { AssertionResponse, RegistrationResponse, createFactors } from './index.ts'
import type { ChallengeUse } from './index.ts'

export const ORIGIN = 'https://mail.example.com'

export type Use = ChallengeUse & { readonly purpose: 'log_in' | 'step_up' }

/** A database, a real keyring and the factors of people on them. */
export async function startFactors() {
  const database = await createTestDatabase()
  const testKeyring = await makeTestKeyring({ databaseUrl: database.url.bulkhead_keyring })
  await testKeyring.start()
  const quiet = { info: () => undefined, warn: () => undefined }
  const keyring = createKeyringClient({
    socketPath: testKeyring.socketPath,
    token: TEST_TOKENS.api,
    log: quiet,
  })
  const logged: object[] = []
  const factors = createFactors({
    pool: database.pool('bulkhead_api'),
    keyring,
    publicUrl: `${ORIGIN}/console`,
    newId: createIdGenerator(),
    nowMs: Date.now,
    log: { warn: (facts: object) => logged.push(facts), error: (facts: object) => logged.push(facts) },
  })

  const sql = async (text: string, values: readonly unknown[] = []) =>
    (await database.pool('superuser').query(text, [...values])).rows

  async function aPerson(email = 'ann@example.com'): Promise<string> {
    const id = randomUUID()
    const place = {
      workspaceId: INSTALLATION_WORKSPACE,
      table: 'account.person',
      column: 'sealed_email',
      rowId: id,
    }
    const sealed = seal(await keyring.contentKey(INSTALLATION_WORKSPACE), place, Buffer.from(email))
    await sql(`insert into account.person (id, email_index, sealed_email) values ($1, $2, $3)`, [
      id,
      randomBytes(32),
      sealed,
    ])
    return id
  }

  async function join(personId: string, policy?: 'optional' | 'required' | 'passkey'): Promise<void> {
    const workspaceId = randomUUID()
    await sql(`insert into workspace (id, name) values ($1, 'x')`, [workspaceId])
    await sql(
      `insert into member (id, workspace_id, person_id, role, created_by) values ($1, $2, $3, 'developer', 'test:1')`,
      [randomUUID(), workspaceId, personId],
    )
    if (policy !== undefined)
      await sql(`insert into workspace_policy (workspace_id, second_factor) values ($1, $2)`, [
        workspaceId,
        policy,
      ])
  }

  async function register(
    personId: string,
    device: SoftwareAuthenticator,
    given: { sessionId?: string; answeredBy?: string; onlyAsFirst?: boolean; bend?: Bend } = {},
  ) {
    const sessionId = given.sessionId ?? randomUUID()
    const options = await factors.registrationOptions({ personId, sessionId, userName: 'ann@example.com' })
    return factors.register({
      personId: given.answeredBy ?? personId,
      sessionId,
      name: 'A laptop',
      onlyAsFirst: given.onlyAsFirst ?? false,
      response: RegistrationResponse.parse(device.create(options, given.bend)),
    })
  }

  /** A person with one passkey, and the device that holds it. */
  async function withPasskey() {
    const personId = await aPerson()
    const device = createAuthenticator({ origin: ORIGIN })
    const added = await register(personId, device)
    if (added.state !== 'added') throw new Error(JSON.stringify(added))
    return { personId, device, passkeyId: added.id }
  }

  async function assert(use: Use, device: SoftwareAuthenticator, bend: Bend = {}, answeredFor: Use = use) {
    const options = await factors.assertionOptions(use)
    return factors.verifyAssertion(answeredFor, AssertionResponse.parse(device.get(options, bend)))
  }

  async function withTotp(personId?: string) {
    const person = personId ?? (await aPerson())
    const begun = await factors.beginTotp({ personId: person, account: 'ann', onlyAsFirst: false })
    if (begun.state !== 'begun') throw new Error(begun.state)
    const app = new TOTP({ secret: Secret.fromBase32(begun.secret.reveal()) })
    // The code of the step before, so that those of now and of the next are still to be used.
    const confirmed = await factors.confirmTotp({
      personId: person,
      code: app.generate({ timestamp: Date.now() - 30_000 }),
      onlyAsFirst: false,
    })
    return { personId: person, app, confirmed, begun }
  }

  const whatWasTold = async (personId: string): Promise<string[]> =>
    (await sql(`select kind from security_alert where person_id = $1 order by id`, [personId])).map(
      (row) => row.kind,
    )
  const whatIsOnRecord = async (personId: string): Promise<string[]> =>
    (await sql(`select action from audit_outbox where target = $1 order by id`, [personId])).map(
      (row) => row.action,
    )

  return {
    factors,
    logged,
    sql,
    aPerson,
    join,
    register,
    withPasskey,
    assert,
    withTotp,
    whatWasTold,
    whatIsOnRecord,
    async [Symbol.asyncDispose]() {
      await keyring[Symbol.asyncDispose]()
      await testKeyring[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

export const logIn = (personId: string | null): Use => ({
  purpose: 'log_in',
  personId,
  boundTo: randomUUID(),
})

export const count = (all: readonly { readonly state: string }[], state: string): number =>
  all.filter((one) => one.state === state).length
