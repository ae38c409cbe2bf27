import { decodeId } from '../../kernel/ids.ts'
import { Fault } from '../../kernel/faults.ts'
import type { Redacted } from '../../kernel/redacted.ts'
import type { PersonPrincipal } from '../../platform/http/operation.ts'
import { isInNetworks } from '../../platform/networks/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { credentialKey, EPOCH_POLL_MS } from '../epochs/index.ts'
import type { CauseOfDeath, CredentialRef } from '../epochs/index.ts'
import { orUnavailable } from './bearer.ts'
import type { CredentialPepper } from './credential-pepper.ts'
import { createForgeryReports } from './forgeries.ts'
import { createGenuineMemberships } from './genuine-memberships.ts'
import { hashSecret, isSessionToken, mintSessionToken } from './key-format.ts'
import { createPeopleAccessStore } from './people-access-store.ts'
import type { Membership, SessionRow } from './people-access-store.ts'
import { ROLE_SCOPES } from './roles.ts'
import { ACCOUNT_SCOPES } from './scopes.ts'
import { createShortCache } from './short-cache.ts'

export type SessionLevel = PersonPrincipal['level']
export type SessionFactor = PersonPrincipal['factor']

export interface IssuedSession {
  readonly sessionId: string
  /** Shown to nobody but the person's browser or command line. */
  readonly token: Redacted<string>
  readonly expiresAt: Date
}

export interface PeopleAccess {
  /**
   * Makes a session; its token is what the client keeps. `device` is sealed by the caller. Throws `unauthenticated` for a person who may
   * not sign in, and `unavailable`.
   */
  issue(wanted: {
    readonly personId: string
    readonly level: SessionLevel
    readonly factor: SessionFactor
    /** At most 31 days. */
    readonly hours: number
    /** UUID; made by the caller so that `device` can be sealed for its row. */
    readonly sessionId: string
    readonly device: Buffer | null
    readonly clientKey: Buffer | null
    /** UUID of the one workspace that it opens (single sign-on); null or absent: all of the person's, and the account. */
    readonly onlyWorkspace?: string | null
    /** False: the second factor was not shown now, so that step-up is needed for what needs it. Default true. */
    readonly strong?: boolean
  }): Promise<IssuedSession>
  /** Who this is, and what he may do in the named workspace (`ws_…`), or in his only one. Throws `unauthenticated`, `address_refused`, `second_factor_required`, `unavailable`. */
  authenticate(
    token: string,
    at: {
      readonly workspace: string | undefined
      readonly address: string
      /** Of the operation: those over the own account look at no workspace, so that a policy locks nobody out of fulfilling it. */
      readonly scope: string
    },
  ): Promise<PersonPrincipal>
  /** The second factor was shown again. False for a session that has ended. */
  strengthen(sessionId: string, personId: string): Promise<boolean>
  /** Ends one session of a person, or all but one; answers how many. */
  revoke(personId: string, which: { readonly id?: string; readonly except?: string }): Promise<number>
  /** Those of the given sessions that open their workspace no more, and why; by `credentialKey`. */
  findDead(entries: readonly CredentialRef[]): Promise<ReadonlyMap<string, CauseOfDeath>>
  /** Drops what is believed of sessions. */
  forget(): void
}

const CACHED_MAX = 20_000
const TOUCH_EVERY_MS = 30_000
const REFUSED = 'The session is not valid: it has ended, or never was. Log in again.'

/** A session with the moment at which its ages were read, on this process's own clock. */
interface Known {
  readonly row: SessionRow
  readonly readAtMs: number
}

/**
 * Sessions of people: opaque tokens of 256 bits, kept as peppered digests that are bound to person, level, factor and end, so that whoever
 * writes to the database makes none. A session never changes its level: after enrolment there is a new one (session fixation). Memberships are
 * bound too, so that he makes himself no member and raises no role.
 */
export function createPeopleAccess(deps: {
  readonly pool: Queryable
  readonly pepper: CredentialPepper
  /** Where a membership that somebody planted is told of. */
  readonly log?: Logger
  readonly clock?: () => number
}): PeopleAccess {
  const clock = deps.clock ?? (() => performance.now())
  const genuine = createGenuineMemberships({
    pepper: deps.pepper,
    report: createForgeryReports({ pool: deps.pool, clock, log: deps.log }),
  })
  const store = createPeopleAccessStore(deps.pool)
  const sessions = createShortCache<Known | undefined>({
    clock,
    ttlMs: EPOCH_POLL_MS,
    entriesMax: CACHED_MAX,
  })
  const used = new Set<string>()
  let touchedAt = clock()

  function note(id: string): void {
    used.add(id)
    if (clock() - touchedAt < TOUCH_EVERY_MS) return
    touchedAt = clock()
    const ids = [...used]
    used.clear()
    // A time of use that is lost with a failing database is no loss; the next one is written.
    store.touch(ids).catch(() => undefined)
  }

  async function known(token: string): Promise<Known | undefined> {
    if (!isSessionToken(token)) return undefined
    const digest = hashSecret(token)
    return orUnavailable(
      sessions.get(digest.toString('base64'), async () => {
        const peppered = await deps.pepper.of(digest)
        const readAtMs = clock()
        const row = await store.find(peppered)
        if (row === undefined) return undefined
        const asked = bindingOf(
          row.id,
          row.person_id,
          row.level,
          row.factor,
          row.expires_at,
          digest,
          row.workspace_id,
        )
        const expected = await deps.pepper.of(asked)
        if (!expected.equals(row.binding)) return undefined
        deps.pepper.keep(digest, peppered)
        deps.pepper.keep(asked, expected)
        // One that is not believed is as none: it opens nothing, and makes nobody's only workspace one of two.
        const memberships = row.level === 'full' ? await genuine(row.person_id, row.memberships) : []
        return { row: { ...row, memberships }, readAtMs }
      }),
    )
  }

  return {
    async issue({
      personId,
      level,
      factor,
      hours,
      sessionId,
      device,
      clientKey,
      onlyWorkspace = null,
      strong = true,
    }) {
      const minted = mintSessionToken()
      const expiresAt = new Date(Date.now() + hours * 3_600_000)
      const issued = await orUnavailable(
        (async () => {
          const [hash, binding] = await Promise.all([
            deps.pepper.of(minted.hash),
            deps.pepper.of(
              bindingOf(sessionId, personId, level, factor, expiresAt, minted.hash, onlyWorkspace),
            ),
          ])
          return store.insert({
            id: sessionId,
            personId,
            hash,
            binding,
            level,
            factor,
            expiresAt,
            device,
            clientKey,
            onlyWorkspace,
            strong,
          })
        })(),
      )
      if (!issued) throw new Fault('unauthenticated', { detail: REFUSED })
      return { sessionId, token: minted.key, expiresAt }
    },

    async authenticate(token, at) {
      const found = await known(token)
      if (found === undefined) throw new Fault('unauthenticated', { detail: REFUSED })
      const { row, readAtMs } = found
      const elapsedMs = clock() - readAtMs
      if (!row.alive || row.expires_in_ms <= elapsedMs)
        throw new Fault('unauthenticated', { detail: REFUSED })
      note(row.id)
      const common = {
        kind: 'person',
        id: row.id,
        personId: row.person_id,
        level: row.level,
        factor: row.factor,
        strongAgeMs: row.strong_age_ms === null ? null : row.strong_age_ms + elapsedMs,
      } as const
      if (row.level === 'enrolment')
        return { ...common, workspaceId: '', role: null, scopes: ACCOUNT_SCOPES.slice(0, 2) }
      // What a workspace's own provider vouches for opens that workspace; over the account it says nothing.
      const own = row.workspace_id === null ? ACCOUNT_SCOPES : ACCOUNT_SCOPES.slice(0, 1)
      const membership = ACCOUNT_SCOPES.some((scope) => scope === at.scope)
        ? undefined
        : chosen(row.memberships, at.workspace)
      if (membership === undefined) return { ...common, workspaceId: '', role: null, scopes: own }
      requirePolicy(membership, row, row.age_ms + elapsedMs, at.address)
      return {
        ...common,
        workspaceId: membership.workspace,
        role: membership.role,
        scopes: [...(membership.scopes ?? ROLE_SCOPES[membership.role]), ...own],
      }
    },

    strengthen: async (sessionId, personId) => {
      const done = await orUnavailable(store.strengthen(sessionId, personId))
      sessions.clear()
      return done
    },

    revoke: async (personId, { id, except }) => {
      const count = await orUnavailable(store.revoke(personId, id ?? null, except ?? null))
      sessions.clear()
      return count
    },

    async findDead(entries) {
      if (entries.length === 0) return new Map()
      const dead = await orUnavailable(store.dead(entries))
      return new Map(dead.map(({ entry, cause }) => [credentialKey(entry), cause]))
    },

    forget: () => sessions.clear(),
  }
}

/** Keys and people as one, for the watch over long connections. */
export function joinAccess(
  access: {
    forget(): void
    findDeadCredentials(credentials: readonly CredentialRef[]): Promise<ReadonlyMap<string, CauseOfDeath>>
  },
  people: Pick<PeopleAccess, 'forget' | 'findDead'>,
): typeof access {
  return {
    forget() {
      access.forget()
      people.forget()
    },
    async findDeadCredentials(credentials) {
      const sessions = credentials.filter(({ kind }) => kind === 'session')
      const [keys, dead] = await Promise.all([
        access.findDeadCredentials(credentials.filter(({ kind }) => kind !== 'session')),
        people.findDead(sessions),
      ])
      return new Map([...keys, ...dead])
    },
  }
}

/** The named workspace, where this is a member of it; without a name the only one. A foreign one reads like one that does not exist. */
function chosen(memberships: readonly Membership[], name: string | undefined): Membership | undefined {
  if (name === undefined) return memberships.length === 1 ? memberships[0] : undefined
  const id = decodeId('workspace', name)
  const found = memberships.find((membership) => membership.workspace === id)
  if (found === undefined)
    throw new Fault('not_found', {
      detail: 'You are no member of the workspace that bulkhead-workspace names.',
    })
  return found
}

/** What the workspace demands, at each request, so that a changed policy holds at once (ASVS 5.0 8.3.2, C-06, S-09). */
function requirePolicy(membership: Membership, session: SessionRow, ageMs: number, address: string): void {
  if (membership.allowedCidrs.length > 0 && !isInNetworks(address, membership.allowedCidrs)) {
    throw new Fault('address_refused', {
      detail: `This workspace is open from its own networks only; you come from ${address}.`,
    })
  }
  if (ageMs > membership.sessionHours * 3_600_000) {
    throw new Fault('unauthenticated', {
      detail: `This workspace takes sessions of at most ${membership.sessionHours} hours. Log in again.`,
    })
  }
  if (membership.ssoRequired && session.factor !== 'sso' && membership.role !== 'owner') {
    throw new Fault('second_factor_required', {
      detail: 'This workspace takes members who signed in through its own provider only.',
    })
  }
  const isEnough =
    membership.secondFactor === 'optional' ||
    session.factor === 'passkey' ||
    session.factor === 'sso' ||
    (membership.secondFactor === 'required' && session.factor !== 'none')
  if (!isEnough) {
    throw new Fault('second_factor_required', {
      detail:
        membership.secondFactor === 'passkey'
          ? 'This workspace takes log-ins with a passkey only. Log in again with one.'
          : 'This workspace takes log-ins with a second factor only. Log in again with one.',
    })
  }
}

/** No secret and no other binding has this form. */
const LABEL = 'bulkhead session binding 1'

function bindingOf(
  id: string,
  personId: string,
  level: string,
  factor: string,
  expiresAt: Date,
  digest: Buffer,
  onlyWorkspace: string | null,
): Buffer {
  const bound = [LABEL, id, personId, level, factor, String(Number(expiresAt)), digest.toString('hex')]
  return hashSecret(JSON.stringify(onlyWorkspace === null ? bound : [...bound, onlyWorkspace]))
}
