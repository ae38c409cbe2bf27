import { randomInt } from 'node:crypto'
import type { Installation } from '../constellation/installation.ts'
import { linkTo, signUp } from '../constellation/people.ts'
import type { Citizen, Letters } from '../constellation/people.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import type { Canaries } from './canaries.ts'

/** What the installation needs so that people come from many networks. */
export const PEOPLE_ENV = { BULKHEAD_TRUSTED_PROXIES: '127.0.0.1,::1', BULKHEAD_SIGN_UP: 'open' }

/**
 * People who sign up, log in, mistype, add a passkey, invite, reset and ask for another address, all through the doors of the product. What is
 * theirs is planted; secrets that the product makes are taken over.
 */
export async function plantPeople(
  installation: Installation,
  letters: Letters,
  canaries: Canaries,
  count: number,
): Promise<Citizen[]> {
  const people: Citizen[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next++ < count) people.push(await plantOne(installation, letters, canaries))
    }),
  )
  return people
}

const AT_ONCE = 3

async function plantOne(installation: Installation, letters: Letters, canaries: Canaries): Promise<Citizen> {
  const address = `${canaries.adopt('network of a person', `2001:db8:${group()}:${group()}`)}:1:2:3:${group()}`
  const headers = {
    'x-forwarded-for': address,
    'user-agent': `Mozilla/5.0 ${canaries.make('device of a person')}`,
  }
  const secret = (kind: string, text: string): string => {
    canaries.adopt(kind, text.split('_')[1] ?? text)
    return text
  }
  const person = await signUp(installation, letters, {
    email: `${canaries.make('address of a person')}@people.test`,
    password: `${canaries.make('password')} ok`,
    name: `Ann ${canaries.make('name of a person')}`,
    workspaceName: 'Shop',
    address,
    userAgent: headers['user-agent'],
  })
  canaries.adopt('TOTP seed', person.seed)
  for (const code of person.recoveryCodes) {
    canaries.adopt('recovery code', code)
    canaries.adopt('recovery code', code.replaceAll(/[^0-9A-Za-z]/g, ''))
  }
  for (const link of person.links) secret('link in a letter', link)
  for (const token of [person.token, ...person.earlierTokens]) secret('session token', token)

  const ask = async (path: string, body: unknown, statuses: readonly number[]): Promise<void> => {
    const { status, text } = await installation.http.call('POST', path, { key: '', body, headers })
    if (!statuses.includes(status)) throw new Error(`${path}: ${status} ${text}`)
  }
  const own = async (method: string, path: string, body: unknown) => {
    const { status, text, body: answer } = await person.call(method, path, body)
    if (status >= 300) throw new Error(`${path}: ${status} ${text}`)
    return answer
  }
  await ask(
    '/v1/log-in',
    { email: person.email, password: `${canaries.make('mistyped password')} no` },
    [401],
  )
  await ask(
    '/v1/log-in',
    { email: `${canaries.make('address of nobody')}@people.test`, password: 'x'.repeat(20) },
    [401],
  )
  await ask('/v1/log-in', { email: person.email, password: person.password, transport: 'token' }, [200, 202])
  await ask('/v1/password-reset', { email: person.email }, [202])
  secret('link in a letter', await linkTo(letters, person.email, person.links))

  const device = createAuthenticator({ origin: new URL(installation.apiUrl).origin })
  const options = await own('POST', '/v1/account/passkeys/options', {})
  await own('POST', '/v1/account/passkeys', {
    name: `Phone ${canaries.make('name of a passkey')}`,
    response: device.create(options),
  })
  const invited = `${canaries.make('invited address')}@people.test`
  await own('POST', '/v1/invitations', { email: invited, role: 'developer' })
  secret('link in a letter', await linkTo(letters, invited))
  const wished = `${canaries.make('wished address')}@people.test`
  await own('POST', '/v1/account/email', { email: wished })
  secret('link in a letter', await linkTo(letters, wished))
  return person
}

const group = (): string => randomInt(0x1000, 0x10000).toString(16)
