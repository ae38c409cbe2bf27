import { timingSafeEqual } from 'node:crypto'
import type { Queryable } from '../../platform/postgres/index.ts'
import { DOORS, type DoorName } from '../../kernel/doors.ts'
import { Fault } from '../../kernel/faults.ts'
import type { KeyBounds } from '../../kernel/key-bounds.ts'
import type { Principal } from '../../platform/http/operation.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { createAccessStore } from './access-store.ts'
import type { ApiKeyRow, SmtpCredentialRow } from './access-store.ts'
import { bearerToken, orUnavailable } from './bearer.ts'
import { fitsItsRow } from './credential-binding.ts'
import type { Bound } from './credential-binding.ts'
import type { CredentialPepper } from './credential-pepper.ts'
import { createCredentialUses } from './credential-uses.ts'
import type { CredentialClient } from './credential-uses.ts'
import { createForgeryReports } from './forgeries.ts'
import { createShortCache } from './short-cache.ts'
import { hashSecret, isApiKey, isDoorKey } from './key-format.ts'
import { createKeyGuesses } from './key-guesses.ts'
import { isInNetworks, networksInBoth } from '../../platform/networks/index.ts'
import { credentialKey, EPOCH_POLL_MS } from '../epochs/index.ts'
import type { CauseOfDeath, CredentialRef } from '../epochs/index.ts'
import { OPERATOR_SCOPES } from './scopes.ts'

export interface SmtpIdentity {
  readonly workspaceId: string
  readonly credential: CredentialRef
  /** `smtp_credential:<uuid>` or `api_key:<uuid>`, as written to messages and the audit log. */
  readonly actor: string
  readonly bounds: KeyBounds
  /** The vendor as whose submission server this one answers; null: as itself. */
  readonly door: DoorName | null
}

/** An API key that exists, whoever asks and from wherever. */
export interface RecognisedKey {
  readonly id: string
  readonly workspaceId: string
}

type KeyPrincipal = Extract<Principal, { kind: 'api_key' }>

export interface Access {
  /**
   * The principal behind an `Authorization` header. `client` says from where; without it no key opens anything that is bound to networks.
   * Throws `unauthenticated`, `workspace_shredded`, or `unavailable` while the database is away.
   */
  authenticateBearer(authorization: string | undefined, client?: CredentialClient): Promise<Principal>
  /** The principal behind a key of a door. No other key opens it, and it opens nothing else. Throws as `authenticateBearer`. */
  authenticateDoor(door: DoorName, key: string, client?: CredentialClient): Promise<KeyPrincipal>
  /** The workspace behind SMTP AUTH. Throws `unauthenticated`, or `unavailable` while the database is away. */
  authenticateSmtp(username: string, password: string, client?: CredentialClient): Promise<SmtpIdentity>
  /** The key that a secret is of, also where it is dead; null for none. It opens nothing: for reports of leaks. Throws `unavailable`. */
  recogniseApiKey(key: string): Promise<RecognisedKey | null>
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
const USERNAME_MAX = 320
const PASSWORD_MAX = 512

/** With its end on this process's own clock. */
type Known<Row> = Row & { readonly endsAtMs: number | null }

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
  const apiKeys = createShortCache<Known<ApiKeyRow> | undefined>({
    clock,
    ttlMs: CACHE_MS,
    entriesMax: CACHED_MAX,
  })
  const smtpCredentials = createShortCache<Known<SmtpCredentialRow> | undefined>({
    clock,
    ttlMs: CACHE_MS,
    entriesMax: CACHED_MAX,
  })
  const uses = createCredentialUses({ store, clock, log: deps.log })
  const guesses = createKeyGuesses(clock)
  const reportForgery = createForgeryReports({ pool: deps.pool, clock, log: deps.log })

  /** Looked at before anything else is done with it: a key from a wrong network is no use of it. */
  async function liveApiKey(
    key: string,
    client: CredentialClient | undefined,
    door: DoorName | null,
  ): Promise<ApiKeyRow | null> {
    const row = await knownApiKey(key, client)
    if (row === undefined || row.door !== door || !lives(row) || !isFromItsNetworks('api_key', row, client))
      return null
    uses.note('api_key', row.id, client)
    return row
  }

  function lives(row: Known<ApiKeyRow | SmtpCredentialRow>): boolean {
    return row.revoked_at === null && !row.killed && (row.endsAtMs === null || row.endsAtMs > clock())
  }

  function isFromItsNetworks(
    kind: 'api_key' | 'smtp_credential',
    row: ApiKeyRow | SmtpCredentialRow,
    client: CredentialClient | undefined,
  ): boolean {
    const lists = [row.allowed_cidrs, ...('door' in row ? [row.tightened_cidrs ?? [], row.door_cidrs] : [])]
    const address = client?.address ?? null
    if (lists.every((cidrs) => cidrs.length === 0 || isInNetworks(address, cidrs))) return true
    uses.tellOutside(kind, row.id, client)
    return false
  }

  async function knownApiKey(
    key: string,
    client: CredentialClient | undefined,
  ): Promise<Known<ApiKeyRow> | undefined> {
    const door = DOORS.find((name) => isDoorKey(name, key))
    if (!isApiKey(key) && door === undefined) return undefined
    const digest = hashSecret(key)
    const name = digest.toString('base64')
    const load = () => orUnavailable(storedApiKey(digest))
    return apiKeys.get(name, door === 'mandrill' ? () => guesses.lookUp(name, client, load) : load)
  }

  async function storedApiKey(digest: Buffer): Promise<Known<ApiKeyRow> | undefined> {
    const peppered = await deps.pepper.of(digest)
    const askedAtMs = clock()
    const found = await store.apiKey(peppered)
    if (found === undefined) return undefined
    if (!(await isGenuine(boundApiKey(found), digest, found.binding))) return undefined
    deps.pepper.keep(digest, peppered)
    return { ...found, endsAtMs: endOf(found, askedAtMs) }
  }

  async function knownSmtpCredential(username: string): Promise<Known<SmtpCredentialRow> | undefined> {
    const askedAtMs = clock()
    const found = await store.smtpCredential(username)
    return found === undefined ? undefined : { ...found, endsAtMs: endOf(found, askedAtMs) }
  }

  /** A row that somebody else than Bulkhead wrote is no credential. */
  async function isGenuine(bound: Bound, digest: Buffer, binding: Buffer | null): Promise<boolean> {
    if (await fitsItsRow(deps.pepper, bound, digest, binding)) return true
    await reportForgery(bound)
    return false
  }

  /** Whoever had a key that worked may know why it works no more. */
  async function whyNot(key: string, client: CredentialClient | undefined): Promise<Fault> {
    const row = await knownApiKey(key, client)
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
    const judged = new Map(dead.map((row) => [row.id, row]))
    return new Map(
      credentials.flatMap((credential): [string, CauseOfDeath][] => {
        const row = judged.get(credential.id)
        const cause = row?.cause ?? (isShutOut(credential, row?.tightened_cidrs) ? 'revoked' : null)
        return cause === null ? [] : [[credentialKey(credential), cause]]
      }),
    )
  }

  return {
    async authenticateBearer(authorization, client) {
      const token = bearerToken(authorization)
      if (token === null) throw unauthenticated('Send the header "Authorization: Bearer <API key>".')
      if (operatorHash !== null && timingSafeEqual(hashSecret(token), operatorHash)) {
        return { kind: 'operator', id: 'installation', scopes: OPERATOR_SCOPES }
      }
      const row = await liveApiKey(token, client, null)
      if (row === null) throw await whyNot(token, client)
      return principalOf(row)
    },

    async authenticateDoor(door, key, client) {
      const row = isDoorKey(door, key) ? await liveApiKey(key, client, door) : null
      if (row === null) {
        const known = await knownApiKey(key, client)
        // As the vendors say it: whoever locked the own programs out by the list of the door must see why. Bounds of the key itself stay
        // unknown to whoever is outside of them, as those of every key.
        if (known?.door === door && lives(known) && isInside(ownNetworks(known), client))
          throw outsideNetworks()
        throw await whyNot(key, client)
      }
      return principalOf(row)
    },

    async recogniseApiKey(key) {
      // Who reports keys is limited by reports.
      const row = await knownApiKey(key, undefined)
      return row === undefined ? null : { id: row.id, workspaceId: row.workspace_id }
    },

    async authenticateSmtp(username, password, client) {
      if (username.length > USERNAME_MAX || password.length > PASSWORD_MAX)
        throw unauthenticated(REFUSED_SMTP)
      const door = DOORS.find((name) => isDoorKey(name, password)) ?? null
      if (door !== null || isApiKey(password)) {
        const isNamed = door === null || (DOOR_USERS[door] ?? username) === username
        const row = isNamed ? await liveApiKey(password, client, door) : null
        if (row === null || !maySubmit(row)) throw unauthenticated(REFUSED_SMTP)
        return identity(row, { kind: 'api_key', id: row.id, address: client?.address ?? null })
      }
      const row = await orUnavailable(smtpCredentials.get(username, () => knownSmtpCredential(username)))
      // Peppered and compared for unknown names too, so that both take the same time.
      const digest = hashSecret(password)
      const peppered = await orUnavailable(deps.pepper.of(digest))
      const matches = timingSafeEqual(peppered, row?.secret_hash ?? NO_HASH)
      if (row === undefined || !lives(row) || !matches) throw unauthenticated(REFUSED_SMTP)
      if (!(await orUnavailable(isGenuine(boundSmtpCredential(row), digest, row.binding))))
        throw unauthenticated(REFUSED_SMTP)
      if (!isFromItsNetworks('smtp_credential', row, client)) throw unauthenticated(REFUSED_SMTP)
      deps.pepper.keep(digest, peppered)
      uses.note('smtp_credential', row.id, client)
      return identity(row, { kind: 'smtp_credential', id: row.id })
    },

    findDeadCredentials,

    forget() {
      apiKeys.clear()
      smtpCredentials.clear()
    },

    close: uses.flush,
  }
}

function ownNetworks(row: ApiKeyRow): readonly (readonly string[])[] {
  return [row.allowed_cidrs, row.tightened_cidrs ?? []]
}

function isInside(lists: readonly (readonly string[])[], client: CredentialClient | undefined): boolean {
  const address = client?.address ?? null
  return lists.every((cidrs) => cidrs.length === 0 || isInNetworks(address, cidrs))
}

function outsideNetworks(): Fault {
  return new Fault('address_refused', { detail: 'This key does not work from this network.' })
}

function endOf(row: { readonly expires_in_ms: number | null }, askedAtMs: number): number | null {
  return row.expires_in_ms === null ? null : askedAtMs + row.expires_in_ms
}

/** A connection from where a key does not work any more since it leaked. What says not from where it is lives by its own look-ups. */
function isShutOut({ address }: CredentialRef, tightened: readonly string[] | null | undefined): boolean {
  return (tightened ?? []).length > 0 && address !== undefined && !isInNetworks(address, tightened ?? [])
}

/** The user name that a vendor's submission server takes; absent: any. */
const DOOR_USERS: Readonly<Partial<Record<DoorName, string>>> = { sendgrid: 'apikey', resend: 'resend' }

/** What each vendor calls the permission to send. */
const SENDING: Readonly<Record<DoorName, string>> = {
  sendgrid: 'mail.send',
  resend: 'sending_access',
  mandrill: 'messages/send-raw',
}

function maySubmit({ scopes, door, door_scopes: doorScopes }: ApiKeyRow): boolean {
  return (
    scopes.includes('messages:send') &&
    (door === null || doorScopes.length === 0 || doorScopes.includes(SENDING[door]))
  )
}

function principalOf(row: ApiKeyRow): KeyPrincipal {
  return {
    kind: 'api_key',
    id: row.id,
    workspaceId: row.workspace_id,
    scopes: row.scopes,
    bounds: boundsOf(row),
    ...(row.door === null ? {} : { door: row.door, doorScopes: row.door_scopes }),
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
    allowedCidrs: row.allowed_cidrs,
    allowedSenders: row.allowed_senders,
    door: row.door,
    doorScopes: row.door_scopes,
  }
}

function boundSmtpCredential(row: SmtpCredentialRow): Bound {
  return {
    kind: 'smtp_credential',
    id: row.id,
    workspaceId: row.workspace_id,
    scopes: [],
    expiresAt: row.expires_at,
    allowedCidrs: row.allowed_cidrs,
    allowedSenders: row.allowed_senders,
  }
}

/** What its holder may hand on. After a leak it is what both lists allow: a thief makes no key that is wider than the answer to the leak. */
function boundsOf(row: ApiKeyRow | SmtpCredentialRow): KeyBounds {
  const tightened = 'tightened_cidrs' in row ? (row.tightened_cidrs ?? []) : []
  const isBoth = tightened.length > 0 && row.allowed_cidrs.length > 0
  return {
    allowedCidrs: isBoth
      ? networksInBoth(tightened, row.allowed_cidrs)
      : [...row.allowed_cidrs, ...tightened],
    allowedSenders: row.allowed_senders,
    expiresAt: row.over_at,
  }
}

function unauthenticated(detail: string): Fault {
  return new Fault('unauthenticated', { detail })
}

function identity(row: ApiKeyRow | SmtpCredentialRow, credential: CredentialRef): SmtpIdentity {
  return {
    workspaceId: row.workspace_id,
    credential,
    actor: `${credential.kind}:${credential.id}`,
    bounds: boundsOf(row),
    door: 'door' in row ? row.door : null,
  }
}
