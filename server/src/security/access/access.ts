import { timingSafeEqual } from 'node:crypto'
import type { Queryable } from '../../platform/postgres/index.ts'
import { Fault } from '../../kernel/faults.ts'
import type { Principal } from '../../platform/http/operation.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { createAccessStore } from './access-store.ts'
import type { ApiKeyRow, SmtpCredentialRow } from './access-store.ts'
import { bearerToken, orUnavailable } from './bearer.ts'
import { fitsItsRow } from './credential-binding.ts'
import type { Bound } from './credential-binding.ts'
import type { CredentialPepper } from './credential-pepper.ts'
import { createForgeryReports } from './forgeries.ts'
import { createShortCache } from './short-cache.ts'
import { hashSecret, isApiKey } from './key-format.ts'
import { EPOCH_POLL_MS } from '../epochs/index.ts'
import type { CauseOfDeath, CredentialRef } from '../epochs/index.ts'
import { OPERATOR_SCOPES } from './scopes.ts'

export interface SmtpIdentity {
  readonly workspaceId: string
  readonly credential: CredentialRef
  /** `smtp_credential:<uuid>` or `api_key:<uuid>`, as written to messages and the audit log. */
  readonly actor: string
}

export interface Access {
  /** The principal behind an `Authorization` header. Throws `unauthenticated`, `workspace_shredded`, or `unavailable` while the database is away. */
  authenticateBearer(authorization: string | undefined): Promise<Principal>
  /** The workspace behind SMTP AUTH. Throws `unauthenticated`, or `unavailable` while the database is away. */
  authenticateSmtp(username: string, password: string): Promise<SmtpIdentity>
  /** Those of the given credentials that live no more, and why: long connections of theirs must end. */
  findDeadCredentials(credentials: readonly CredentialRef[]): Promise<ReadonlyMap<string, CauseOfDeath>>
  /** Drops what is believed of credentials: the next look-up asks the database. */
  forget(): void
  /** Writes what is still to be written of last-used times. */
  close(): Promise<void>
}

/** How long an answer of the database is believed: the longest time for which a dead key still works where no NOTIFY came. */
const CACHE_MS = EPOCH_POLL_MS
const CACHED_MAX = 20_000
/** last_used_at is for people; more often would make every request a write. */
const TOUCH_EVERY_MS = 30_000
const USERNAME_MAX = 320
const PASSWORD_MAX = 512

/** A row with its end on this process's own clock. */
interface KnownApiKey extends ApiKeyRow {
  readonly endsAtMs: number | null
}

/**
 * Resolves credentials. `pepper` turns digests into what the database holds; `clock` answers milliseconds and never goes back; `operatorKeyHash` is the SHA-256 (hex) of the installation's
 * operator key, if there is one.
 */
export function createAccess(deps: {
  readonly pool: Queryable
  readonly pepper: CredentialPepper
  readonly clock?: () => number
  readonly operatorKeyHash?: string
  readonly log?: Logger
}): Access {
  const clock = deps.clock ?? (() => performance.now())
  const store = createAccessStore(deps.pool)
  const operatorHash = deps.operatorKeyHash === undefined ? null : Buffer.from(deps.operatorKeyHash, 'hex')
  if (operatorHash !== null && operatorHash.length !== 32)
    throw new Error('operatorKeyHash is not a SHA-256 in hex')
  const apiKeys = createShortCache<KnownApiKey | undefined>({
    clock,
    ttlMs: CACHE_MS,
    entriesMax: CACHED_MAX,
  })
  const smtpCredentials = createShortCache<SmtpCredentialRow | undefined>({
    clock,
    ttlMs: CACHE_MS,
    entriesMax: CACHED_MAX,
  })
  const used = { api_key: new Set<string>(), smtp_credential: new Set<string>() }
  const reportForgery = createForgeryReports({ pool: deps.pool, clock, log: deps.log })
  let touchedAt = clock()

  async function touchAll(): Promise<void> {
    touchedAt = clock()
    const keys = [...used.api_key]
    const smtp = [...used.smtp_credential]
    if (keys.length + smtp.length === 0) return
    used.api_key.clear()
    used.smtp_credential.clear()
    await store.touch(keys, smtp)
  }

  function note(kind: 'api_key' | 'smtp_credential', id: string): void {
    used[kind].add(id)
    // A time of use that is lost with a failing database is no loss; the next one is written.
    if (clock() - touchedAt >= TOUCH_EVERY_MS) touchAll().catch(() => undefined)
  }

  async function liveApiKey(key: string): Promise<ApiKeyRow | null> {
    const row = await knownApiKey(key)
    if (row === undefined || row.revoked_at !== null || row.killed) return null
    if (row.endsAtMs !== null && row.endsAtMs <= clock()) return null
    note('api_key', row.id)
    return row
  }

  async function knownApiKey(key: string): Promise<KnownApiKey | undefined> {
    if (!isApiKey(key)) return undefined
    const digest = hashSecret(key)
    return orUnavailable(
      apiKeys.get(digest.toString('base64'), async () => {
        const peppered = await deps.pepper.of(digest)
        const askedAtMs = clock()
        const found = await store.apiKey(peppered)
        if (found === undefined) return undefined
        if (!(await isGenuine(boundApiKey(found), digest, found.binding))) return undefined
        deps.pepper.keep(digest, peppered)
        return { ...found, endsAtMs: found.expires_in_ms === null ? null : askedAtMs + found.expires_in_ms }
      }),
    )
  }

  /** A row that somebody else than Bulkhead wrote is no credential. */
  async function isGenuine(bound: Bound, digest: Buffer, binding: Buffer | null): Promise<boolean> {
    if (await fitsItsRow(deps.pepper, bound, digest, binding)) return true
    await reportForgery(bound)
    return false
  }

  /** Whoever had a key that worked may know why it works no more. */
  async function whyNot(key: string): Promise<Fault> {
    const row = await knownApiKey(key)
    const isShredded =
      row !== undefined &&
      row.revoked_at === null &&
      row.killed &&
      (await orUnavailable(store.isShredded(row.workspace_id)))
    if (!isShredded) return unauthenticated(REFUSED)
    return new Fault('workspace_shredded', {
      detail: 'The workspace was shredded: its keys are destroyed for good, and its credentials have ended.',
    })
  }

  async function findDeadCredentials(
    credentials: readonly CredentialRef[],
  ): Promise<ReadonlyMap<string, CauseOfDeath>> {
    if (credentials.length === 0) return new Map()
    const ids = (kind: CredentialRef['kind']) =>
      credentials.filter((credential) => credential.kind === kind).map((credential) => credential.id)
    const dead = await orUnavailable(store.dead(ids('api_key'), ids('smtp_credential')))
    return new Map(dead.map(({ id, cause }) => [id, cause]))
  }

  return {
    async authenticateBearer(authorization) {
      const token = bearerToken(authorization)
      if (token === null) throw unauthenticated('Send the header "Authorization: Bearer <API key>".')
      if (operatorHash !== null && timingSafeEqual(hashSecret(token), operatorHash)) {
        return { kind: 'operator', id: 'installation', scopes: OPERATOR_SCOPES }
      }
      const row = await liveApiKey(token)
      if (row === null) throw await whyNot(token)
      return { kind: 'api_key', id: row.id, workspaceId: row.workspace_id, scopes: row.scopes }
    },

    async authenticateSmtp(username, password) {
      if (username.length > USERNAME_MAX || password.length > PASSWORD_MAX)
        throw unauthenticated(REFUSED_SMTP)
      if (isApiKey(password)) {
        const row = await liveApiKey(password)
        if (row === null || !row.scopes.includes('messages:send')) throw unauthenticated(REFUSED_SMTP)
        return identity(row.workspace_id, { kind: 'api_key', id: row.id })
      }
      const row = await orUnavailable(smtpCredentials.get(username, () => store.smtpCredential(username)))
      // Peppered and compared for unknown names too, so that both take the same time.
      const digest = hashSecret(password)
      const peppered = await orUnavailable(deps.pepper.of(digest))
      const matches = timingSafeEqual(peppered, row?.secret_hash ?? NO_HASH)
      if (row === undefined || row.revoked_at !== null || row.killed || !matches)
        throw unauthenticated(REFUSED_SMTP)
      if (!(await orUnavailable(isGenuine(boundSmtpCredential(row), digest, row.binding))))
        throw unauthenticated(REFUSED_SMTP)
      deps.pepper.keep(digest, peppered)
      note('smtp_credential', row.id)
      return identity(row.workspace_id, { kind: 'smtp_credential', id: row.id })
    },

    findDeadCredentials,

    forget() {
      apiKeys.clear()
      smtpCredentials.clear()
    },

    close: touchAll,
  }
}

const NO_HASH = Buffer.alloc(32)
const REFUSED = 'The API key is not valid: it is mistyped, expired, revoked or ended.'
const REFUSED_SMTP = 'The user name or the password is not valid.'

function boundApiKey(row: ApiKeyRow): Bound {
  return {
    kind: 'api_key',
    id: row.id,
    workspaceId: row.workspace_id,
    scopes: row.scopes,
    expiresAt: row.expires_at,
  }
}

function boundSmtpCredential(row: SmtpCredentialRow): Bound {
  return {
    kind: 'smtp_credential',
    id: row.id,
    workspaceId: row.workspace_id,
    scopes: [],
    expiresAt: null,
  }
}

function unauthenticated(detail: string): Fault {
  return new Fault('unauthenticated', { detail })
}

function identity(workspaceId: string, credential: CredentialRef): SmtpIdentity {
  return { workspaceId, credential, actor: `${credential.kind}:${credential.id}` }
}
