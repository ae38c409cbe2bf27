import { randomBytes, randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { afterAll, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../../test/support/authenticator.ts'
import { ORIGIN, count, logIn, startFactors } from './factors.test-support.ts'
import { AssertionResponse } from './index.ts'

const world = await startFactors()
afterAll(() => world[Symbol.asyncDispose]())
const { aPerson, factors, join, logged, register, sql, whatIsOnRecord, whatWasTold, withPasskey, withTotp } =
  world

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
    for (const personId of [suspended, honey, randomUUID()]) {
      expect(await factors.beginTotp({ personId, account: 'x', onlyAsFirst: false })).toEqual({
        state: 'gone',
      })
    }
  })
})

const remove = (personId: string, id: string) => factors.remove({ personId, id, sessionId: randomUUID() })
const totpOf = async (personId: string) => (await factors.state(personId)).totp?.id ?? ''

describe('removing a factor', () => {
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
