import { expect, it } from 'vitest'
import { createKeyGuesses } from './key-guesses.ts'

it('lets the keys that work go on where others have been guessed', async () => {
  const guesses = createKeyGuesses(() => 0)
  const client = { address: '192.0.2.1', userAgent: null }
  const found = (key: string) => guesses.lookUp(key, client, () => Promise.resolve('a row'))
  const missed = (key: string) => guesses.lookUp(key, client, () => Promise.resolve(undefined))
  // Keys that are found are no guesses.
  for (let n = 0; n < 200; n++) expect(await found(`known ${n}`)).toBe('a row')
  for (let n = 0; n < 60; n++) expect(await missed(`made up ${n}`)).toBeUndefined()
  await expect(missed('one more')).rejects.toMatchObject({ code: 'too_many_requests', retryAfterSeconds: 1 })
  await expect(found('not seen here yet')).rejects.toMatchObject({ code: 'too_many_requests' })
  expect(await found('known 7')).toBe('a row')
})

it('counts a look-up that failed as a guess, since it cost as much', async () => {
  const guesses = createKeyGuesses(() => 0)
  const client = { address: null, userAgent: null }
  for (let n = 0; n < 60; n++)
    await expect(
      guesses.lookUp(`${n}`, client, () => Promise.reject(new Error('the keyring is away'))),
    ).rejects.toThrow('away')
  await expect(guesses.lookUp('next', client, () => Promise.resolve(1))).rejects.toMatchObject({
    code: 'too_many_requests',
  })
})
