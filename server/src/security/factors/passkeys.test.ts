import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../../test/support/authenticator.ts'
import { ORIGIN, count, logIn, startFactors } from './factors.test-support.ts'
import type { Use } from './factors.test-support.ts'
import { AssertionResponse, RegistrationResponse } from './index.ts'

const world = await startFactors()
afterAll(() => world[Symbol.asyncDispose]())
const { aPerson, assert, factors, register, sql, whatIsOnRecord, whatWasTold, withPasskey } = world

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
