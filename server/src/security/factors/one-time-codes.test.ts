import { Secret, TOTP } from 'otpauth'
import { afterAll, describe, expect, it } from 'vitest'
import { count, startFactors } from './factors.test-support.ts'

const world = await startFactors()
afterAll(() => world[Symbol.asyncDispose]())
const { aPerson, factors, sql, whatWasTold, withTotp } = world

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
    // The keyring found all of them right: the database decides.
    const uses = await Promise.all(
      Array.from({ length: 8 }, () =>
        sql(`select engine.use_totp(person_id, id, $2) as used from account.totp where person_id = $1`, [
          personId,
          app.counter() + 2,
        ]),
      ),
    )
    expect(uses.filter(([row]) => row?.used === true)).toHaveLength(1)
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
