import { randomBytes, randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../../test/support/authenticator.ts'
import type { Bend, SoftwareAuthenticator } from '../../../test/support/authenticator.ts'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { createIdGenerator } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { createKeyringClient } from '../../platform/keyring-client/index.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../platform/keyring-client/test-keyring.ts'
import type { TestKeyring } from '../../platform/keyring-client/test-keyring.ts'
import { seal } from '../../platform/sealing/index.ts'
import { AssertionResponse, RegistrationResponse, createFactors } from './index.ts'
import type { ChallengeUse, Factors } from './index.ts'

const ORIGIN = 'https://mail.example.com'
let database: TestDatabase
let testKeyring: TestKeyring
let keyring: KeyringClient
let factors: Factors
const logged: object[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  testKeyring = await makeTestKeyring({ databaseUrl: database.url.bulkhead_keyring })
  await testKeyring.start()
  const quiet = { info: () => undefined, warn: () => undefined }
  keyring = createKeyringClient({ socketPath: testKeyring.socketPath, token: TEST_TOKENS.api, log: quiet })
  factors = createFactors({
    pool: database.pool('bulkhead_api'),
    keyring,
    publicUrl: `${ORIGIN}/console`,
    newId: createIdGenerator(),
    nowMs: Date.now,
    log: { warn: (facts: object) => logged.push(facts), error: (facts: object) => logged.push(facts) },
  })
})
afterAll(async () => {
  await keyring[Symbol.asyncDispose]()
  await testKeyring[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
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
    `insert into member (id, workspace_id, person_id, role, created_by) values ($1, $2, $3, 'owner', 'test:1')`,
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

type Use = ChallengeUse & { readonly purpose: 'log_in' | 'step_up' }
const logIn = (personId: string | null): Use => ({ purpose: 'log_in', personId, boundTo: randomUUID() })

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
const count = (all: readonly { readonly state: string }[], state: string): number =>
  all.filter((one) => one.state === state).length

describe('passkeys', () => {
  it('are registered, shown by name, and open the account of their person', async () => {
    const { personId, device, passkeyId } = await withPasskey()
    expect(await assert(logIn(personId), device)).toEqual({ state: 'accepted', personId, passkeyId })
    const state = await factors.state(personId)
    expect(state).toMatchObject({ totp: null, recoveryCodesLeft: 0 })
    expect(state.passkeys).toEqual([
      { id: passkeyId, createdAt: expect.any(Date), lastUsedAt: expect.any(Date) },
    ])
    expect([...(await factors.passkeyNames(personId))]).toEqual([[passkeyId, 'A laptop']])
    expect(await factors.accountName(personId)).toBe('ann@example.com')
    expect(await whatIsOnRecord(personId)).toEqual(['second_factor.added'])
    expect(await whatWasTold(personId)).toEqual(['second_factor.added'])
  })

  it('open it without a user name: the passkey says who it is', async () => {
    const { personId, device, passkeyId } = await withPasskey()
    expect(await assert(logIn(null), device)).toEqual({ state: 'accepted', personId, passkeyId })
    const other = await aPerson()
    for (const userHandle of ['', Buffer.from(other.replaceAll('-', ''), 'hex').toString('base64url')]) {
      const options = await factors.assertionOptions(logIn(null))
      const response = device.get(options, { userHandle })
      const { userHandle: _none, ...without } = response.response
      const parsed = AssertionResponse.safeParse({
        ...response,
        response: userHandle === '' ? without : response.response,
      })
      expect(parsed.success && (await factors.verifyAssertion(logIn(null), parsed.data)).state).toBe(
        'refused',
      )
    }
  })

  it('are asked for with user verification and as discoverable ones, and listed only for a person', async () => {
    const { personId, device } = await withPasskey()
    const creation = await factors.registrationOptions({ personId, sessionId: 's', userName: 'ann' })
    expect(creation).toMatchObject({
      rp: { id: 'mail.example.com' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [{ id: device.credentials[0]?.id.toString('base64url') }],
    })
    expect(await factors.assertionOptions(logIn(personId))).toMatchObject({
      userVerification: 'required',
      rpId: 'mail.example.com',
      allowCredentials: [{ type: 'public-key' }],
    })
    expect((await factors.assertionOptions(logIn(null))).allowCredentials).toEqual([])
  })

  it.each([
    ['on another site', { origin: 'https://mail.example.test' }],
    ['for another relying party', { rpId: 'example.com' }],
    ['without user verification', { userVerified: false }],
  ] as const)('are neither registered nor taken %s', async (_what, bend) => {
    const { personId, device } = await withPasskey()
    expect(await assert(logIn(personId), device, bend)).toEqual({ state: 'refused', because: 'response' })
    const added = await register(personId, createAuthenticator({ origin: ORIGIN }), { bend })
    expect(added.state).toBe('refused')
    expect((await factors.state(personId)).passkeys).toHaveLength(1)
  })

  it('that count backwards are refused, and the person is told that there is a copy', async () => {
    const { personId, device } = await withPasskey()
    expect((await assert(logIn(personId), device, { signCount: 41 })).state).toBe('accepted')
    for (const signCount of [41, 7, 0]) {
      expect(await assert(logIn(personId), device, { signCount })).toEqual({
        state: 'refused',
        because: 'cloned',
      })
    }
    expect((await assert(logIn(personId), device, { signCount: 42 })).state).toBe('accepted')
    expect((await whatWasTold(personId)).filter((kind) => kind === 'second_factor.cloned')).toHaveLength(3)
  })

  it('that do not count, as synced ones, work again and again', async () => {
    const personId = await aPerson()
    const device = createAuthenticator({ origin: ORIGIN, counts: false, algorithm: 'EdDSA' })
    await register(personId, device)
    for (let n = 0; n < 3; n++) expect((await assert(logIn(personId), device)).state).toBe('accepted')
  })

  it('belong to one person: a known credential is not registered again', async () => {
    const { device } = await withPasskey()
    const [personId, sessionId] = [await aPerson(), randomUUID()]
    const options = await factors.registrationOptions({ personId, sessionId, userName: 'eve' })
    const copied = RegistrationResponse.parse(device.create(options))
    const add = { personId, sessionId, name: 'x', onlyAsFirst: false, response: copied }
    expect((await factors.register(add)).state).toBe('added')
    const again = await aPerson()
    await sql(`update account.passkey set person_id = $1 where person_id = $2`, [again, personId])
    const next = await factors.registrationOptions({ personId, sessionId, userName: 'eve' })
    const bent = device.create(next)
    await sql(`update account.passkey set credential_id = $1 where person_id = $2`, [
      Buffer.from(bent.id, 'base64url'),
      again,
    ])
    expect(await factors.register({ ...add, response: RegistrationResponse.parse(bent) })).toEqual({
      state: 'known',
    })
  })

  it('of a person are at most twenty', async () => {
    const personId = await aPerson()
    const device = createAuthenticator({ origin: ORIGIN, algorithm: 'EdDSA' })
    const states: string[] = []
    for (let n = 0; n < 21; n++) states.push((await register(personId, device)).state)
    expect(states).toEqual([...Array.from({ length: 20 }, () => 'added'), 'too_many'])
  })
})

describe('challenges', () => {
  it('are answered once: of many answers at the same time one is accepted', async () => {
    const { personId, device } = await withPasskey()
    const use = logIn(personId)
    const options = await factors.assertionOptions(use)
    const answers = Array.from({ length: 30 }, () => AssertionResponse.parse(device.get(options)))
    const verdicts = await Promise.all(answers.map((answer) => factors.verifyAssertion(use, answer)))
    expect(count(verdicts, 'accepted')).toBe(1)
    expect(verdicts.filter((one) => one.state === 'refused' && one.because === 'challenge')).toHaveLength(29)
  })

  it('do not come back: an assertion that was seen on the way opens nothing', async () => {
    const { personId } = await withPasskey()
    // A synced passkey, whose counter would not tell.
    const device = createAuthenticator({ origin: ORIGIN, counts: false })
    await register(personId, device)
    const use = logIn(personId)
    const options = await factors.assertionOptions(use)
    const answer = AssertionResponse.parse(device.get(options))
    expect((await factors.verifyAssertion(use, answer)).state).toBe('accepted')
    expect(await factors.verifyAssertion(use, answer)).toEqual({ state: 'refused', because: 'challenge' })
    // Nor does one whom the database writer puts back under a later end.
    const later = await factors.assertionOptions(use)
    await sql(
      `update account.challenge set challenge_hash = sha256($1::bytea), expires_at = expires_at + interval '1 minute'
       where challenge_hash = sha256($2::bytea)`,
      [options.challenge, later.challenge],
    )
    expect(await factors.verifyAssertion(use, answer)).toEqual({ state: 'refused', because: 'challenge' })
  })

  it('are for one purpose, person and session', async () => {
    const [ann, eve] = [await withPasskey(), await withPasskey()]
    const use = logIn(ann.personId)
    const others: Use[] = [
      { ...use, boundTo: randomUUID() },
      { ...use, purpose: 'step_up' },
      { ...use, personId: null },
      { ...use, personId: eve.personId },
    ]
    for (const other of others) {
      expect(await assert(use, ann.device, {}, other)).toEqual({ state: 'refused', because: 'challenge' })
      expect(await assert(other, ann.device, {}, use).catch(() => ({ state: 'refused' }))).toMatchObject({
        state: 'refused',
      })
    }
    // Eve's passkey answers a challenge that was made for Ann.
    const options = await factors.assertionOptions(use)
    const answer = eve.device.get({ ...options, allowCredentials: [] })
    expect(await factors.verifyAssertion(use, AssertionResponse.parse(answer))).toEqual({
      state: 'refused',
      because: 'unknown',
    })
    // And a registration is no log-in, nor for somebody else.
    const device = createAuthenticator({ origin: ORIGIN })
    expect((await register(ann.personId, device, { answeredBy: eve.personId })).state).toBe('refused')
    const creation = await factors.registrationOptions({
      personId: ann.personId,
      sessionId: 's',
      userName: 'ann',
    })
    const crossed = ann.device.get({
      ...(await factors.assertionOptions(use)),
      challenge: creation.challenge,
    })
    expect((await factors.verifyAssertion(use, AssertionResponse.parse(crossed))).state).toBe('refused')
  })

  it('end after five minutes, and those that nobody answers are swept away', async () => {
    const { personId, device } = await withPasskey()
    const use = logIn(personId)
    const options = await factors.assertionOptions(use)
    await sql(`update account.challenge set expires_at = now() - interval '1 second' where person_id = $1`, [
      personId,
    ])
    expect((await factors.verifyAssertion(use, AssertionResponse.parse(device.get(options)))).state).toBe(
      'refused',
    )
    for (let n = 0; n < 30; n++) await factors.assertionOptions(logIn(personId))
    const [row] = await sql(`select count(*)::int as n from account.challenge where person_id = $1`, [
      personId,
    ])
    expect(row?.n).toBe(20)
    await sql(`update account.challenge set expires_at = now() - interval '1 second'`)
    await factors.assertionOptions(logIn(null))
    expect(await sql(`select 1 from account.challenge`)).toHaveLength(1)
  })
})

describe('whoever writes to the database', () => {
  it('opens no account with a passkey of his own, and is told of', async () => {
    const [ann, eve] = [await withPasskey(), await withPasskey()]
    await sql(
      `update account.passkey a set public_key = e.public_key from account.passkey e where a.id = $1 and e.id = $2`,
      [ann.passkeyId, eve.passkeyId],
    )
    // The swapped key would verify what Eve's device signs under Ann's credential id.
    const use = logIn(ann.personId)
    const options = await factors.assertionOptions(use)
    const signed = eve.device.get({ ...options, allowCredentials: [] })
    const annId = ann.device.credentials[0]?.id.toString('base64url') ?? ''
    const { userHandle: _none, ...response } = signed.response
    const answer = AssertionResponse.parse({ ...signed, id: annId, rawId: annId, response })
    expect(await factors.verifyAssertion(use, answer)).toEqual({ state: 'refused', because: 'forged' })
    expect(await whatWasTold(ann.personId)).toContain('second_factor.forged')
    expect(logged).toContainEqual(
      expect.objectContaining({ alarm: 'second_factor.forged', passkey: ann.passkeyId }),
    )
  })

  it('moves none to another person, and plants none', async () => {
    const eve = await withPasskey()
    const ann = await aPerson()
    await sql(`update account.passkey set person_id = $1 where id = $2`, [ann, eve.passkeyId])
    const use = logIn(ann)
    const options = await factors.assertionOptions(use)
    const userHandle = Buffer.from(ann.replaceAll('-', ''), 'hex').toString('base64url')
    const answer = AssertionResponse.parse(eve.device.get(options, { userHandle }))
    expect(await factors.verifyAssertion(use, answer)).toEqual({ state: 'refused', because: 'forged' })
  })

  it('moves no seed and no recovery code to another person', async () => {
    const eve = await withTotp()
    const codes = await factors.makeRecoveryCodes(eve.personId)
    const ann = await aPerson()
    await sql(`update account.totp set person_id = $1 where person_id = $2`, [ann, eve.personId])
    await sql(`update account.recovery_code set person_id = $1 where person_id = $2`, [ann, eve.personId])
    await expect(factors.verifyTotp(ann, eve.app.generate())).rejects.toThrow()
    expect(await factors.useRecoveryCode(ann, codes?.reveal()[0] ?? '')).toEqual({ state: 'wrong' })
  })
})

describe('the first factor', () => {
  it('is the only one that a session without factor may add, also when two try at once', async () => {
    const personId = await aPerson()
    const devices = Array.from({ length: 4 }, () => createAuthenticator({ origin: ORIGIN }))
    const added = await Promise.all(
      devices.map((device) => register(personId, device, { onlyAsFirst: true })),
    )
    expect([count(added, 'added'), count(added, 'not_first')]).toEqual([1, 3])
    const late = await register(personId, createAuthenticator({ origin: ORIGIN }), { onlyAsFirst: true })
    expect(late.state).toBe('not_first')
    expect(await factors.beginTotp({ personId, account: 'x', onlyAsFirst: true })).toEqual({
      state: 'not_first',
    })
    // One that was begun before the passkey was there.
    const other = await aPerson()
    const begun = await factors.beginTotp({ personId: other, account: 'x', onlyAsFirst: true })
    await register(other, createAuthenticator({ origin: ORIGIN }))
    const app = new TOTP({ secret: Secret.fromBase32(begun.state === 'begun' ? begun.secret.reveal() : '') })
    expect(await factors.confirmTotp({ personId: other, code: app.generate(), onlyAsFirst: true })).toEqual({
      state: 'not_first',
    })
    expect((await factors.state(other)).totp).toBeNull()
  })

  it('ends every session from before it; the next does not', async () => {
    const personId = await aPerson()
    const session = () =>
      sql(
        `insert into account.session (id, person_id, secret_hash, binding, level, factor, expires_at, issued_epoch)
         values (gen_random_uuid(), $1, $2, 'x', 'enrolment', 'none', now() + interval '1 day', 1)`,
        [personId, randomBytes(32)],
      )
    const alive = async () =>
      (await sql(`select 1 from account.session where person_id = $1 and revoked_at is null`, [personId]))
        .length
    await session()
    await session()
    const device = createAuthenticator({ origin: ORIGIN })
    expect(await register(personId, device)).toMatchObject({ state: 'added', endedSessions: true })
    expect(await alive()).toBe(0)
    await session()
    expect(await register(personId, device)).toMatchObject({ state: 'added', endedSessions: false })
    expect(await alive()).toBe(1)
  })

  it('is not given to who is suspended, is a honey account or is nobody', async () => {
    const [suspended, honey] = [await aPerson(), await aPerson()]
    await sql(`update account.person set disabled_at = now() where id = $1`, [suspended])
    await sql(`update account.person set honey = true where id = $1`, [honey])
    const begin = (personId: string) => factors.beginTotp({ personId, account: 'x', onlyAsFirst: false })
    for (const personId of [suspended, honey, randomUUID()]) {
      expect(await begin(personId)).toEqual({ state: 'gone' })
    }
  })
})

describe('authenticator apps', () => {
  it('are a factor after their first right code, and each code works once', async () => {
    const personId = await aPerson()
    const { app, confirmed } = await withTotp(personId)
    expect(confirmed).toMatchObject({ state: 'added', endedSessions: true })
    const code = app.generate()
    expect(await factors.verifyTotp(personId, code)).toEqual({ state: 'accepted' })
    expect(await factors.verifyTotp(personId, code)).toEqual({ state: 'wrong' })
    // The control: what only compares codes takes it a second time.
    expect([app.validate({ token: code, window: 1 }), app.validate({ token: code, window: 1 })]).toEqual([
      expect.any(Number),
      expect.any(Number),
    ])
  })

  it('of two uses of one code at the same time accept one', async () => {
    const { personId, app } = await withTotp()
    const code = app.generate()
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => factors.verifyTotp(personId, code)))
    expect(count(verdicts, 'accepted')).toBe(1)
  })

  it('are nothing before they are confirmed; a wrong code confirms nothing, and a new one replaces the old', async () => {
    const personId = await aPerson()
    const begun = await factors.beginTotp({ personId, account: 'ann', onlyAsFirst: true })
    const app = new TOTP({ secret: Secret.fromBase32(begun.state === 'begun' ? begun.secret.reveal() : '') })
    expect(await factors.verifyTotp(personId, app.generate())).toEqual({ state: 'wrong' })
    const wrong = String((Number(app.generate()) + 500_000) % 1_000_000).padStart(6, '0')
    expect(await factors.confirmTotp({ personId, code: wrong, onlyAsFirst: true })).toEqual({
      state: 'wrong',
    })
    expect((await factors.state(personId)).totp).toBeNull()
    const first = await withTotp(personId)
    const second = await withTotp(personId)
    expect([first.confirmed, second.confirmed]).toMatchObject([
      { endedSessions: true },
      { endedSessions: false },
    ])
    expect(await factors.verifyTotp(personId, first.app.generate())).toEqual({ state: 'wrong' })
    expect(await factors.verifyTotp(personId, second.app.generate())).toEqual({ state: 'accepted' })
  })

  it('seeds do not stand in the database, and print nowhere', async () => {
    const { personId, begun } = await withTotp()
    const seed = Buffer.from(Secret.fromBase32(begun.state === 'begun' ? begun.secret.reveal() : '').bytes)
    const [row] = await sql(`select sealed_seed from account.totp where person_id = $1`, [personId])
    expect(row?.sealed_seed.includes(seed)).toBe(false)
    expect(JSON.stringify(begun)).not.toContain(begun.state === 'begun' ? begun.secret.reveal() : '')
  })
})

describe('guesses', () => {
  it('a thousand at once are no more than five', async () => {
    const { personId, app } = await withTotp()
    const right = new Set(
      [-1, 0, 1, 2].map((step) => app.generate({ timestamp: Date.now() + step * 30_000 })),
    )
    const codes = Array.from({ length: 1_010 }, (_, n) => String(n * 977).padStart(6, '0'))
      .filter((code) => !right.has(code))
      .slice(0, 1_000)
    const start = Date.now()
    const verdicts = await Promise.all(codes.map((code) => factors.verifyTotp(personId, code)))
    const regained = Math.floor((Date.now() - start) / 30_000)
    expect(count(verdicts, 'wrong')).toBeGreaterThanOrEqual(5)
    expect(count(verdicts, 'wrong')).toBeLessThanOrEqual(5 + regained)
    expect(count(verdicts, 'wrong') + count(verdicts, 'later')).toBe(1_000)
    // The right one does not get through either, until there is a guess again; then it does, and all are back.
    expect(await factors.verifyTotp(personId, app.generate())).toMatchObject({ state: 'later' })
    await sql(
      `update account.factor_guesses set taken_at = taken_at - interval '31 seconds' where person_id = $1`,
      [personId],
    )
    expect(await factors.verifyTotp(personId, app.generate())).toEqual({ state: 'accepted' })
    expect(await sql(`select 1 from account.factor_guesses where person_id = $1`, [personId])).toEqual([])
  }, 60_000)

  it('a hundred wrong in a row are the last; another factor opens again, and the person is told', async () => {
    const { personId, app } = await withTotp()
    const codes = await factors.makeRecoveryCodes(personId)
    await factors.verifyTotp(personId, '000000')
    await sql(`update account.factor_guesses set in_a_row = 99, tokens = 5 where person_id = $1`, [personId])
    const used = new Set([-1, 0, 1, 2].map((step) => app.generate({ timestamp: Date.now() + step * 30_000 })))
    const wrong = ['111111', '222222', '333333', '444444', '555555'].find((code) => !used.has(code)) ?? ''
    expect(await factors.verifyTotp(personId, wrong)).toEqual({ state: 'wrong' })
    expect(await factors.verifyTotp(personId, app.generate())).toEqual({ state: 'locked' })
    expect(await whatWasTold(personId)).toContain('second_factor.locked')
    expect(await factors.useRecoveryCode(personId, codes?.reveal()[0] ?? '')).toEqual({ state: 'accepted' })
    expect(await factors.verifyTotp(personId, app.generate())).toEqual({ state: 'accepted' })
  })

  it('of one person are not those of another, and of one kind not those of another', async () => {
    const [ann, eve] = [await withTotp(), await withTotp()]
    const codes = await factors.makeRecoveryCodes(ann.personId)
    await Promise.all(Array.from({ length: 12 }, () => factors.verifyTotp(ann.personId, '000000')))
    expect((await factors.verifyTotp(ann.personId, ann.app.generate())).state).toBe('later')
    expect((await factors.verifyTotp(eve.personId, eve.app.generate())).state).toBe('accepted')
    expect((await factors.useRecoveryCode(ann.personId, codes?.reveal()[9] ?? '')).state).toBe('accepted')
  })
})

describe('recovery codes', () => {
  it('are ten, work once each, also when used at the same time, and the person is told', async () => {
    const { personId } = await withTotp()
    const codes = (await factors.makeRecoveryCodes(personId))?.reveal() ?? []
    expect(new Set(codes).size).toBe(10)
    const [one = '', two = ''] = codes
    const verdicts = await Promise.all(
      Array.from({ length: 4 }, () => factors.useRecoveryCode(personId, one)),
    )
    expect(count(verdicts, 'accepted')).toBe(1)
    expect(await factors.useRecoveryCode(personId, two.toUpperCase().replaceAll('-', ' '))).toEqual({
      state: 'accepted',
    })
    expect((await factors.state(personId)).recoveryCodesLeft).toBe(8)
    expect(
      (await whatWasTold(personId)).filter((kind) => kind === 'second_factor.recovery_code_used'),
    ).toHaveLength(2)
  })

  it('end when new ones are made, are of one person, and are none without another factor', async () => {
    const [ann, eve] = [await withTotp(), await withTotp()]
    const old = (await factors.makeRecoveryCodes(ann.personId))?.reveal() ?? []
    await factors.makeRecoveryCodes(ann.personId)
    expect(await factors.useRecoveryCode(ann.personId, old[0] ?? '')).toEqual({ state: 'wrong' })
    const hers = (await factors.makeRecoveryCodes(eve.personId))?.reveal() ?? []
    expect(await factors.useRecoveryCode(ann.personId, hers[0] ?? '')).toEqual({ state: 'wrong' })
    expect((await factors.state(ann.personId)).recoveryCodesLeft).toBe(10)
    expect(await factors.makeRecoveryCodes(await aPerson())).toBeNull()
  })

  it('do not stand in the database', async () => {
    const { personId } = await withTotp()
    const codes = (await factors.makeRecoveryCodes(personId))?.reveal() ?? []
    const rows = await sql(
      `select row_to_json(c)::text as row from account.recovery_code c where person_id = $1`,
      [personId],
    )
    expect(rows).toHaveLength(10)
    for (const code of codes) {
      expect(rows.some(({ row }) => row.includes(code) || row.includes(code.replaceAll('-', '')))).toBe(false)
    }
  })
})

describe('removing a factor', () => {
  const remove = (personId: string, id: string) => factors.remove({ personId, id, sessionId: randomUUID() })
  const totpOf = async (personId: string) => (await factors.state(personId)).totp?.id ?? ''

  it('leaves the last where a workspace demands one, which all do unless they say otherwise', async () => {
    const { personId, passkeyId } = await withPasskey()
    await join(personId, 'optional')
    await join(personId)
    expect(await remove(personId, passkeyId)).toBe('required')
    await withTotp(personId)
    await factors.makeRecoveryCodes(personId)
    expect(await remove(personId, passkeyId)).toBe('removed')
    expect(await remove(personId, await totpOf(personId))).toBe('required')
    await sql(
      `update member set revoked_at = now() where person_id = $1 and workspace_id not in (select workspace_id from workspace_policy)`,
      [personId],
    )
    expect(await remove(personId, await totpOf(personId))).toBe('removed')
    expect(await factors.state(personId)).toEqual({ passkeys: [], totp: null, recoveryCodesLeft: 0 })
    expect(
      (await whatIsOnRecord(personId)).filter((action) => action === 'second_factor.removed').length,
    ).toBeGreaterThan(1)
    expect((await whatWasTold(personId)).filter((kind) => kind === 'second_factor.removed')).toHaveLength(2)
  })

  it('leaves the last passkey where only passkeys count, whatever else there is', async () => {
    const { personId, passkeyId } = await withPasskey()
    await join(personId, 'passkey')
    await withTotp(personId)
    expect(await remove(personId, passkeyId)).toBe('required')
    expect(await remove(personId, await totpOf(personId))).toBe('removed')
  })

  it('reaches nobody else’s, and of two that are removed at once keeps the last', async () => {
    const [ann, eve] = [await withPasskey(), await withPasskey()]
    expect(await remove(eve.personId, ann.passkeyId)).toBe('missing')
    await join(ann.personId, 'required')
    await withTotp(ann.personId)
    const both = await Promise.all([
      remove(ann.personId, ann.passkeyId),
      remove(ann.personId, await totpOf(ann.personId)),
    ])
    expect(both.sort()).toEqual(['removed', 'required'])
  })

  it('ends the other sessions and keeps the one that asks', async () => {
    const { personId, passkeyId } = await withPasskey()
    const [mine, other] = [randomUUID(), randomUUID()]
    for (const id of [mine, other]) {
      await sql(
        `insert into account.session (id, person_id, secret_hash, binding, level, factor, expires_at, issued_epoch)
         values ($1, $2, $3, 'x', 'full', 'passkey', now() + interval '1 day', 1)`,
        [id, personId, randomBytes(32)],
      )
    }
    expect(await factors.remove({ personId, id: passkeyId, sessionId: mine })).toBe('removed')
    expect(
      await sql(`select id from account.session where person_id = $1 and revoked_at is null`, [personId]),
    ).toEqual([{ id: mine }])
  })
})
