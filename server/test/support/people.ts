import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { INSTALLATION_WORKSPACE } from '../../src/kernel/installation.ts'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { open, seal, sealedKeyId } from '../../src/platform/sealing/index.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { addMember } from './members.ts'

const newId = createIdGenerator()
/** Of authenticator apps. */
const STEP_MS = 30_000
const stepOf = (ms: number): number => Math.floor(ms / STEP_MS)

export interface TestPerson {
  readonly id: string
  readonly email: string
  readonly password: string
  /** Each works once. */
  readonly recoveryCodes: string[]
  /** A code of the authenticator app that has not been used yet, for a person with one. */
  totp(): string
}

/** A person who can sign in, made without the flows that make people. */
export async function aPerson(
  api: ApiFixture,
  options: {
    readonly email?: string
    /** Null for a person without one. */
    readonly password?: string | null
    readonly totp?: boolean
    readonly disabled?: boolean
    readonly honey?: boolean
    readonly mustReset?: boolean
    readonly flagged?: boolean
    /** `ws_…`, by role. */
    readonly memberOf?: readonly { readonly workspace: string; readonly role?: string }[]
  } = {},
): Promise<TestPerson> {
  const id = newId()
  const email = options.email ?? `${randomBytes(6).toString('hex')}@people.test`
  const password =
    options.password === undefined ? `right ${randomBytes(9).toString('hex')}` : options.password
  const keyring = api.keyring('api')
  const [blind] = await keyring.blindAddresses(INSTALLATION_WORKSPACE, [email])
  if (blind === undefined) throw new Error('no index')
  const place = {
    workspaceId: INSTALLATION_WORKSPACE,
    table: 'account.person',
    column: 'sealed_email',
    rowId: id,
  }
  const sealed = seal(await keyring.contentKey(INSTALLATION_WORKSPACE), place, Buffer.from(email))
  const stored = password === null ? null : await api.persons.passwords.hash(id, password)
  const pool = api.database.pool('superuser')
  await pool.query(
    `insert into account.person (id, email_index, sealed_email, password_hash, password_salt, password_params, disabled_at, honey, must_reset, flagged_at)
     values ($1, $2, $3, $4, $5, $6, case when $7 then now() end, $8, $9, case when $10 then now() end)`,
    [
      id,
      blind.index,
      sealed,
      stored?.hash ?? null,
      stored?.salt ?? null,
      stored?.params ?? null,
      options.disabled === true,
      options.honey === true,
      options.mustReset === true,
      options.flagged === true,
    ],
  )
  for (const { workspace, role } of options.memberOf ?? []) {
    await addMember(
      { database: api.database, keyring },
      { workspaceId: decodeId('workspace', workspace) ?? '', personId: id, role: role ?? 'owner' },
    )
  }
  const app = options.totp === true ? await addTotp(api, id, email) : null
  return {
    id,
    email,
    password: password ?? '',
    recoveryCodes: app?.recoveryCodes ?? [],
    totp() {
      if (app === null) throw new Error('no authenticator app')
      return app.next()
    },
  }
}

async function addTotp(api: ApiFixture, personId: string, account: string) {
  const { factors } = api.persons
  const begun = await factors.beginTotp({ personId, account, onlyAsFirst: false })
  if (begun.state !== 'begun') throw new Error(`no app: ${begun.state}`)
  const app = new TOTP({
    secret: Secret.fromBase32(begun.secret.reveal()),
    period: STEP_MS / 1_000,
    digits: 6,
  })
  // The step before this one, so that this one and the next are left.
  const confirm = async () => {
    const madeAtMs = Date.now()
    const code = app.generate({ timestamp: madeAtMs - STEP_MS })
    const { state } = await factors.confirmTotp({ personId, code, onlyAsFirst: false })
    return { state, isOfItsStep: stepOf(madeAtMs) === stepOf(Date.now()) }
  }
  let first = await confirm()
  // A step that ended on the way to the keyring made the code two steps old; the one that has begun lasts for half a minute.
  if (first.state === 'wrong' && !first.isOfItsStep) first = await confirm()
  if (first.state !== 'added') throw new Error(`the app was not taken: ${first.state}`)
  const codes = await factors.makeRecoveryCodes(personId)
  if (codes === null) throw new Error('no recovery codes')
  let used = 0
  return {
    recoveryCodes: [...codes.reveal()],
    next: () => app.generate({ timestamp: Date.now() + STEP_MS * used++ }),
  }
}

/** What a workspace demands of its members. */
export async function setPolicy(
  api: ApiFixture,
  workspace: string,
  secondFactor: 'optional' | 'required' | 'passkey',
): Promise<void> {
  await api.database.pool('superuser').query(
    `insert into workspace_policy (workspace_id, second_factor) values ($1, $2)
     on conflict (workspace_id) do update set second_factor = excluded.second_factor`,
    [decodeId('workspace', workspace), secondFactor],
  )
}

/** A browser at an address: it keeps cookies and says where its requests come from. */
export function aBrowser(
  api: ApiFixture,
  address = '198.51.100.7',
  headers: Readonly<Record<string, string>> = {},
) {
  const cookies = new Map<string, string>()
  return {
    cookies,
    async call(method: string, path: string, body?: unknown, more: Readonly<Record<string, string>> = {}) {
      const response = await fetch(`${api.url}${path}`, {
        method,
        headers: {
          'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
          'x-forwarded-for': address,
          'bulkhead-csrf': '1',
          'sec-fetch-site': 'same-origin',
          ...(cookies.size === 0
            ? {}
            : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
          ...more,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const setCookies = response.headers.getSetCookie()
      for (const cookie of setCookies) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
        if (value === '') cookies.delete(name)
        else cookies.set(name, value)
      }
      const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
      return {
        status: response.status,
        body: isJson ? JSON.parse(text) : null,
        text,
        headers: response.headers,
        setCookies,
      }
    },
  }
}
export type Browser = ReturnType<typeof aBrowser>

/** Letters that were accepted for a person, the oldest first, opened as the sender opens them. */
export async function lettersTo(api: ApiFixture, email: string): Promise<{ kind: string; text: string }[]> {
  const [blind] = await api.keyring('api').blindAddresses(INSTALLATION_WORKSPACE, [email])
  const { rows } = await api.database.pool('superuser').query<{ id: string; kind: string; sealed: Buffer }>(
    `select m.id, m.tags[2] as kind, b.sealed
     from message m join recipient r on r.message_id = m.id join body b on b.message_id = m.id
     where m.workspace_id = $1 and r.address_index = $2 order by m.id`,
    [INSTALLATION_WORKSPACE, blind?.index],
  )
  const keys = await api
    .keyring('sender')
    .openContentKeys(
      INSTALLATION_WORKSPACE,
      [...new Set(rows.map((row) => sealedKeyId(row.sealed)))],
      'a test reads letters',
    )
  return rows.map(({ id, kind, sealed }) => {
    const place = { workspaceId: INSTALLATION_WORKSPACE, table: 'body', column: 'sealed', rowId: id }
    return { kind, text: open(keys, place, sealed).toString() }
  })
}
