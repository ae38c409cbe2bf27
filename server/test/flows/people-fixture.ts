import { randomUUID } from 'node:crypto'
import { decodeId, encodeId } from '../../src/kernel/ids.ts'
import { normaliseForIndex } from '../../src/kernel/email-address.ts'
import { INSTALLATION_WORKSPACE } from '../../src/kernel/installation.ts'
import { seal } from '../../src/platform/sealing/index.ts'
import { createCredentialPepper, createPeopleAccess } from '../../src/security/access/index.ts'
import type { Role, SessionFactor, SessionLevel } from '../../src/security/access/index.ts'
import { addMember } from '../support/members.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'

/** A person with a session. `id` is the UUID of the person. */
export interface TestPerson {
  readonly id: string
  readonly email: string
  readonly token: string
  readonly sessionId: string
  /** `mem_…` in the first workspace; empty without one. */
  readonly member: string
  /** Calls the API with the session. `workspace` is a `ws_…`; without it the only one. */
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    options?: { readonly workspace?: string; readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<Answer>
}

export interface PersonWish {
  readonly email?: string
  readonly workspace?: string
  readonly role?: Role
  /** UUID, in place of the role. */
  readonly permissionSet?: string
  readonly factor?: SessionFactor
  readonly level?: SessionLevel
  readonly onlyWorkspace?: string
}

/** Puts a person into the installation past sign-up, and a session past log-in: for tests of what comes after both. */
export async function aPerson(api: ApiFixture, wish: PersonWish = {}): Promise<TestPerson> {
  const keyring = api.keyring('api')
  const id = randomUUID()
  const email = wish.email ?? `p${randomUUID().slice(0, 12)}@people.test`
  const [blind] = await keyring.blindAddresses(INSTALLATION_WORKSPACE, [normaliseForIndex(email)])
  const sealed = seal(
    await keyring.contentKey(INSTALLATION_WORKSPACE),
    { workspaceId: INSTALLATION_WORKSPACE, table: 'account.person', column: 'sealed_email', rowId: id },
    Buffer.from(email),
  )
  const sql = api.database.pool('superuser')
  await sql.query('insert into account.person (id, email_index, sealed_email) values ($1, $2, $3)', [
    id,
    blind?.index,
    sealed,
  ])
  const member =
    wish.workspace === undefined
      ? ''
      : await join(api, id, wish.workspace, wish.role ?? 'developer', wish.permissionSet)
  return { ...(await signIn(api, id, wish)), email, member }
}

/** Makes a person a member; answers `mem_…`. */
export async function join(
  api: ApiFixture,
  personId: string,
  workspace: string,
  role: Role,
  permissionSet?: string,
): Promise<string> {
  const id = await addMember(
    { database: api.database, keyring: api.keyring('api') },
    {
      workspaceId: decodeId('workspace', workspace) ?? '',
      personId,
      role,
      permissionSetId: permissionSet ?? null,
    },
  )
  return encodeId('member', id)
}

/** Another session of a person. */
export async function signIn(
  api: ApiFixture,
  personId: string,
  wish: Pick<PersonWish, 'factor' | 'level' | 'onlyWorkspace'> = {},
): Promise<Omit<TestPerson, 'email' | 'member'>> {
  const people = createPeopleAccess({
    pool: api.database.pool('bulkhead_api'),
    pepper: createCredentialPepper({ keyring: api.keyring('api'), name: 'credential' }),
  })
  const session = await people.issue({
    personId,
    level: wish.level ?? 'full',
    factor: wish.factor ?? (wish.level === 'enrolment' ? 'none' : 'totp'),
    hours: 24,
    sessionId: randomUUID(),
    device: null,
    clientKey: null,
    ...(wish.onlyWorkspace === undefined ? {} : { onlyWorkspace: decodeId('workspace', wish.onlyWorkspace) }),
  })
  const token = session.token.reveal()
  return {
    id: personId,
    token,
    sessionId: session.sessionId,
    async call(method, path, body, options = {}) {
      const response = await fetch(`${api.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(options.workspace === undefined ? {} : { 'bulkhead-workspace': options.workspace }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
      return {
        status: response.status,
        text,
        headers: response.headers,
        body: isJson ? JSON.parse(text) : null,
      }
    },
  }
}
