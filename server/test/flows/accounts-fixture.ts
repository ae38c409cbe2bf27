import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { createCredentialPepper, createPeopleAccess } from '../../src/security/access/index.ts'
import { addMember } from '../support/members.ts'
import { aBrowser, lettersTo } from '../support/people.ts'
import type { ApiFixture } from './api-fixture.ts'

const newId = createIdGenerator()
let network = 0

/** A browser in a network of its own, so that no limit of one test is another's. Needs `trustedProxies: ['127.0.0.1']`. */
export function aClient(api: ApiFixture) {
  network += 1
  return aBrowser(api, `198.19.${network >> 8}.${network & 255}`)
}

export const anAddress = (): string => `${randomBytes(6).toString('hex')}@people.test`
export const aPassword = (): string => `quite long ${randomBytes(8).toString('hex')}`

/** The token behind the link in the newest letter of a kind, once it was sent. */
export async function linkIn(api: ApiFixture, email: string, kind: string): Promise<string> {
  await api.accountLoop.settle()
  const letters = (await lettersTo(api, email)).filter((letter) => letter.kind === kind)
  const token = tokenOf(letters.at(-1)?.text ?? '')
  expect(token, `a link in ${kind} to ${email}`).not.toBeNull()
  return token ?? ''
}

/** The token in a letter, which may be quoted-printable. */
export function tokenOf(text: string): string | null {
  return /#(bht_[0-9A-Za-z_]+)/.exec(text.replaceAll('=\r\n', '').replaceAll('=\n', ''))?.[1] ?? null
}

/** Kinds of the letters that somebody got, in order. */
export async function kindsTo(api: ApiFixture, email: string): Promise<string[]> {
  await api.accountLoop.settle()
  return (await lettersTo(api, email)).map((letter) => letter.kind)
}

/** A whole session of a person, fresh from a second factor, as a bearer token. */
export async function aSession(
  api: ApiFixture,
  personId: string,
  options: { readonly factor?: 'totp' | 'passkey' | 'none' } = {},
): Promise<string> {
  const access = createPeopleAccess({
    pool: api.database.pool('bulkhead_api'),
    pepper: createCredentialPepper({ keyring: api.keyring('api'), name: 'credential' }),
  })
  const { token } = await access.issue({
    personId,
    level: 'full',
    factor: options.factor ?? 'totp',
    hours: 24,
    sessionId: newId(),
    device: null,
    clientKey: null,
  })
  return token.reveal()
}

/** Makes a person member of a workspace since long ago. */
export async function join(
  api: ApiFixture,
  workspace: string,
  personId: string,
  role: string,
): Promise<void> {
  await addMember(
    { database: api.database, keyring: api.keyring('api') },
    { workspaceId: decodeId('workspace', workspace) ?? '', personId, role },
  )
}

/** Makes a recovery, and all memberships with it, so many hours older, as if it had waited. */
export async function age(api: ApiFixture, recoveryId: string, hours: number): Promise<void> {
  const by = `make_interval(hours => ${Math.floor(hours)})`
  // Without the trigger that keeps everybody from becoming an older member than he is.
  await api.database.pool('superuser').query(
    `begin;
     set local session_replication_role = replica;
     update member set created_at = created_at - ${by};
     update notices.change set at = at - ${by};
     update account.session set strong_at = strong_at - ${by};
     update account.recovery
     set created_at = created_at - ${by}, ready_at = ready_at - ${by}, expires_at = expires_at - ${by}, noticed_at = noticed_at - ${by}
     where id = '${decodeId('recovery', recoveryId)}';
     commit`,
  )
}
