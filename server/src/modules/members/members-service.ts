import type { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { Fault, sentence } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { idCursor, idOf, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'
import { isBoundBy, membershipDigest, ROLE_SCOPES } from '../../security/access/index.ts'
import type { CredentialPepper, Role } from '../../security/access/index.ts'
import { bumpEpoch } from '../../security/epochs/index.ts'
import { openDevices } from '../sessions/index.ts'
import { deviceName, networkName } from '../system-mail/index.ts'
import type { Workspaces } from '../workspaces/index.ts'
import { genuineScopes } from './genuine-set.ts'
import { takesAway } from './member.ts'
import type { MemberSession, MemberView } from './member.ts'
import {
  credentialsOf,
  endMembership,
  endSession,
  lockStandings,
  revokeInvitationsOf,
  selectBinding,
  selectMembers,
  selectSessions,
  selectWorkspacesOf,
  updateRole,
} from './members-store.ts'
import type { MemberRecord, StandingRecord } from './members-store.ts'
import { personOf, requireAllowed, rightsOf, standingOf, standings } from './standings.ts'
import type { WishedRights } from './standings.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'principal' | 'read' | 'act'>
type SessionView = z.output<typeof MemberSession>

export interface Members {
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: MemberView[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<MemberView>
  /** Throws `missing_scope` where the caller may not, `conflict` where no owner would be left. */
  change(caller: Caller, id: string, wished: WishedRights): Promise<MemberView>
  /** Ends the membership within a second, streams too. Answers how many credentials that person made here live on, or were revoked. */
  remove(caller: Caller, id: string, credentials: 'keep' | 'revoke'): Promise<{ credentials: number }>
  /** The caller's own membership of a workspace. */
  leave(caller: Pick<Caller, 'principal' | 'actor'>, workspaceId: string): Promise<void>
  sessions(caller: Caller, id: string): Promise<{ data: SessionView[] }>
  endSession(caller: Caller, id: string, sessionId: string): Promise<void>
  /** Ends every session of the member for this workspace; other workspaces of the person stay open. */
  endSessions(caller: Caller, id: string, reason: string): Promise<void>
  /** Workspaces of the person. */
  workspaces(personId: string): Promise<{
    data: {
      id: string
      name: string
      role: Role | null
      permissionSet: string | null
      memberSince: string
      secondFactor: 'optional' | 'required' | 'passkey'
      ssoRequired: boolean
    }[]
  }>
  /** Whether people make workspaces here. */
  readonly mayCreateWorkspaces: boolean
  /** Makes a workspace whose owner the person is, whatever `mayCreateWorkspaces` says: the caller has judged. */
  createWorkspace(personId: string, name: string): Promise<{ id: string; name: string; createdAt: string }>
}

const WORKSPACES_PER_PERSON = 20

/** Members: see the slice's door for what holds. */
export function createMembers(deps: {
  readonly keyring: Pick<KeyringClient, 'openContentKeys'>
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly newId: () => string
  readonly mayCreateWorkspaces: boolean
  readonly workspaces: Pick<Workspaces, 'bindOwner' | 'storeFor'>
}): Members {
  async function views(rows: readonly MemberRecord[]): Promise<(row: MemberRecord) => MemberView> {
    const sealed = rows.flatMap((row) =>
      row.sealed_name === null ? [row.sealed_email] : [row.sealed_email, row.sealed_name],
    )
    const keys = await deps.keyring.openContentKeys(
      INSTALLATION_WORKSPACE,
      [...new Set(sealed.map(sealedKeyId))],
      'members.list',
    )
    const text = (row: MemberRecord, column: string, value: Buffer): string =>
      open(
        keys,
        { workspaceId: INSTALLATION_WORKSPACE, table: 'account.person', column, rowId: row.person_id },
        value,
      ).toString()
    return (row) => ({
      id: encodeId('member', row.id),
      personId: encodeId('person', row.person_id),
      email: text(row, 'sealed_email', row.sealed_email),
      name: row.sealed_name === null ? null : text(row, 'sealed_name', row.sealed_name),
      role: row.permission_set_id === null ? row.role : null,
      permissionSet:
        row.permission_set_id === null
          ? null
          : { id: encodeId('permissionSet', row.permission_set_id), name: row.permission_set ?? '' },
      scopes: [...(row.scopes ?? ROLE_SCOPES[row.role])],
      createdAt: row.created_at.toISOString(),
      invitedBy: shownActor(row.created_by),
      lastSeenAt: row.last_seen_at?.toISOString() ?? null,
      factors: { passkeys: row.passkeys, authenticatorApp: row.has_app },
      sessions: row.sessions,
    })
  }

  async function get(caller: Caller, id: string): Promise<MemberView> {
    const row = await caller.read((db) => one(db, caller.workspaceId, id))
    return (await views([row]))(row)
  }

  /** Before the transaction, which waits for no keyring. What somebody planted is not made genuine by changing it. */
  async function bindAnew(
    caller: Caller,
    id: string,
    rights: { readonly role: Role; readonly permissionSetId: string | null },
  ): Promise<Buffer> {
    const { workspaceId } = caller
    const known = await caller.read((db) => selectBinding(db, workspaceId, id))
    if (known === undefined) throw missing('member', id)
    const { person_id: personId, role, permission_set_id: permissionSetId } = known
    const isGenuine = await isBoundBy(
      deps.pepper,
      membershipDigest({ id, workspaceId, personId, role, permissionSetId }),
      known.binding,
    )
    if (!isGenuine)
      throw new Fault('conflict', {
        detail:
          'This membership opens nothing: it was written to the database past Bulkhead. Remove the member, and invite whoever it should be.',
      })
    return deps.pepper.of(membershipDigest({ id, workspaceId, personId, ...rights }))
  }

  return {
    get,
    mayCreateWorkspaces: deps.mayCreateWorkspaces,

    async list(caller, { limit, cursor }) {
      const after = idOfCursor(cursor)
      const rows = await caller.read((db) =>
        selectMembers(db, caller.workspaceId, { id: null, after, rowsMax: limit + 1 }),
      )
      return page(rows, limit, await views(rows), (row) => idCursor(row.id))
    },

    async change(caller, id, wished) {
      const rights = rightsOf(wished)
      const binding = await bindAnew(caller, id, rights)
      const setScopes = await genuineScopes(deps.pepper, caller, rights.permissionSetId)
      await orConflict(
        caller.act(async (db, about) => {
          const { actor, target } = await standings(db, caller, id)
          const next = await standingOf(db, caller.workspaceId, rights, setScopes)
          requireAllowed(actor, target, next)
          await updateRole(db, caller.workspaceId, id, { ...rights, binding })
          // What this person invited others to may be more than he has now.
          await revokeInvitationsOf(db, caller.workspaceId, target.person_id)
          about(encodeId('member', id), {
            id,
            person: encodeId('person', target.person_id),
            // A restore does again what took something away.
            takes: takesAway({ role: target.role, setScopes: target.scopes }, next),
            from: target.role,
            role: next.role,
            permissionSet: rights.permissionSetId,
            // A restore that does it again has no keyring.
            binding: binding.toString('hex'),
          })
        }),
      )
      return get(caller, id)
    },

    remove: (caller, id, credentials) =>
      orConflict(
        caller.act(async (db, about) => {
          const { actor, target } = await standings(db, caller, id)
          requireAllowed(actor, target, null)
          const count = await remove(db, caller.workspaceId, target, credentials)
          about(encodeId('member', id), {
            id,
            person: encodeId('person', target.person_id),
            role: target.role,
            credentials: { [credentials]: count },
          })
          return { credentials: count }
        }),
      ),

    async leave(caller, workspace) {
      const person = personOf(caller.principal)
      const workspaceId = idOf('workspace', workspace)
      await orConflict(
        deps.transactions.write(
          workspaceId,
          async (db) => {
            const own = (await lockStandings(db, workspaceId, person.personId, null))[0]
            // Said in the words of a workspace that does not exist.
            if (own === undefined) throw missing('workspace', workspaceId)
            await remove(db, workspaceId, own, 'keep')
            await deps.recordAudit(db, {
              workspaceId,
              actor: caller.actor,
              action: 'member.left',
              target: encodeId('member', own.id),
              detail: { id: own.id, role: own.role },
            })
          },
          caller.actor,
        ),
      )
    },

    async sessions(caller, id) {
      const rows = await caller.read(async (db) => {
        const { person_id: personId } = await one(db, caller.workspaceId, id)
        return selectSessions(db, caller.workspaceId, personId)
      })
      const sealed = rows.flatMap(({ id: sessionId, sealed_device: device }) =>
        device === null ? [] : [{ id: sessionId, sealed: device }],
      )
      const opened = await openDevices(deps.keyring, sealed, 'members.sessions')
      const devices = new Map(sealed.map((one, at) => [one.id, opened[at]]))
      return {
        data: rows.map((row) => {
          const device = devices.get(row.id)
          return {
            id: encodeId('session', row.id),
            device: device === undefined ? 'unknown' : deviceName(device.userAgent),
            network: device === undefined ? 'unknown' : networkName(device.address),
            factor: row.factor,
            createdAt: row.created_at.toISOString(),
            lastSeenAt: row.last_seen_at.toISOString(),
            expiresAt: row.expires_at.toISOString(),
          }
        }),
      }
    },

    endSession: (caller, id, session) =>
      caller.act(async (db, about) => {
        const { actor, target } = await standings(db, caller, id)
        requireAllowed(actor, target, null)
        const sessionId = idOf('session', session)
        if (!(await endSession(db, caller.workspaceId, target.person_id, sessionId)))
          throw missing('session', sessionId)
        about(session, { member: encodeId('member', id) })
      }),

    async endSessions(caller, id, reason) {
      // Not through `act`: the function writes the audit record itself.
      await deps.transactions.write(
        caller.workspaceId,
        async (db) => {
          const { actor, target } = await standings(db, caller, id)
          requireAllowed(actor, target, null)
          await bumpEpoch(db, {
            auditId: deps.newId(),
            scope: 'member',
            workspaceId: caller.workspaceId,
            subject: target.person_id,
            class: 'session',
            actor: caller.actor,
            reason,
          })
        },
        caller.actor,
      )
    },

    async workspaces(personId) {
      const rows = await deps.transactions.read(INSTALLATION_WORKSPACE, (db) =>
        selectWorkspacesOf(db, personId),
      )
      return {
        data: rows.map((row) => ({
          id: encodeId('workspace', row.id),
          name: row.name,
          role: row.permission_set === null ? row.role : null,
          permissionSet: row.permission_set,
          memberSince: row.since.toISOString(),
          secondFactor: row.second_factor,
          ssoRequired: row.sso_required,
        })),
      }
    },

    async createWorkspace(personId, name) {
      const owner = await deps.workspaces.bindOwner(personId, deps.newId())
      return deps.transactions.write(
        owner.workspaceId,
        async (db) => {
          if ((await selectWorkspacesOf(db, personId)).length >= WORKSPACES_PER_PERSON) {
            throw new Fault('conflict', {
              detail: `You are in ${WORKSPACES_PER_PERSON} workspaces; leave one before you make another.`,
            })
          }
          return deps.workspaces.storeFor(db, owner, name)
        },
        `member:${personId}`,
      )
    },
  }
}

async function remove(
  db: TenantDatabase,
  workspaceId: string,
  target: StandingRecord,
  credentials: 'keep' | 'revoke',
): Promise<number> {
  await endMembership(db, workspaceId, target.id, target.person_id)
  return credentialsOf(db, workspaceId, target.person_id, credentials === 'revoke')
}

async function one(db: TenantDatabase, workspaceId: string, id: string): Promise<MemberRecord> {
  const [row] = await selectMembers(db, workspaceId, { id, after: null, rowsMax: 1 })
  if (row === undefined) throw missing('member', id)
  return row
}

/** `member:<uuid>` → `per_…`; others as they are. */
export function shownActor(actor: string): string {
  const uuid = /^member:([0-9a-f-]{36})$/.exec(actor)?.[1]
  return uuid === undefined ? actor : encodeId('person', uuid)
}

/** What the database refuses about owners, in its words. */
async function orConflict<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (errorCode(error) === 'BH409' && error instanceof Error)
      throw new Fault('conflict', {
        detail: `${sentence(error.message)} Make somebody else an owner first.`,
        cause: error,
      })
    throw error
  }
}
