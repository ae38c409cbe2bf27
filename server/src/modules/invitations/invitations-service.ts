import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { Fault, invalidField, sentence } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'
import {
  hashSecret,
  isBoundBy,
  isOneTimeToken,
  membershipDigest,
  mintOneTimeToken,
} from '../../security/access/index.ts'
import type { CredentialPepper, Role } from '../../security/access/index.ts'
import {
  genuineScopes,
  personOf,
  refusalOf,
  rightsOf,
  shownActor,
  standingOf,
  standingOfCaller,
} from '../members/index.ts'
import type { WishedRights } from '../members/index.ts'
import type { Limiter } from '../../security/limits/index.ts'
import { writeLetter } from '../system-mail/index.ts'
import type { SystemMail } from '../system-mail/index.ts'
import { bindingOfRow, invitationBinding } from './invitation.ts'
import type { InvitationView } from './invitation.ts'
import {
  acceptInvitation,
  countInvitations,
  findInvitation,
  hasPeople,
  insertInvitation,
  lockOpenInvitation,
  markRevoked,
  markSent,
  renewInvitation,
  selectInvitations,
  selectInviting,
} from './invitations-store.ts'
import type { FoundInvitation, InvitationRecord } from './invitations-store.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'principal' | 'read' | 'act'>

/** An invitation that a token opens. */
export interface OpenInvitation {
  readonly id: string
  readonly workspaceId: string
  readonly workspace: string
  /** The invited address: whoever shows the token has read its mail. */
  readonly email: string
  /** As account.person.email_index. */
  readonly accountIndex: Buffer
}

export interface Invitations {
  /** The same for an address that has an account and for one that has none. Throws `missing_scope`, `conflict`, `too_many_requests`. */
  create(caller: Caller, wanted: WishedRights & { readonly email: string }): Promise<InvitationView>
  /** By a key of a workspace that never had people. Throws `conflict` for one that has. */
  createFirstOwner(caller: Caller, email: string): Promise<InvitationView>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: InvitationView[]; nextCursor: string | null }>
  revoke(caller: Caller, id: string): Promise<void>
  /** With a new link and seven more days; the old link is dead. */
  resend(caller: Caller, id: string): Promise<InvitationView>
  /** What a token opens; null for one that is mistyped, used, revoked, expired or made by nobody: all alike. */
  find(token: string): Promise<OpenInvitation | null>
  /** Makes the person a member. Throws `invalid_request` for a dead token and `conflict` for another address. */
  accept(
    token: string,
    personId: string,
  ): Promise<{ readonly workspaceId: string; readonly workspace: string }>
}

const DAYS = 7
const OPEN_MAX = 200
const PER_HOUR_MAX = 50
const RESEND_AFTER_MS = 60_000
/**
 * Letters to one address, by one workspace and by all, three and ten at once, then three and eight a day: whoever revokes and makes anew, or makes
 * workspaces, fills nobody's mailbox.
 */
const PER_ADDRESS = { capacity: 3, refillPerSecond: 1 / 28_800 }
const PER_ADDRESS_OF_ALL = { capacity: 10, refillPerSecond: 1 / 10_800 }
/** What a key needs to let the first person in: that it can do whatever a person could then make it do. */
const FIRST_OWNER_NEEDS = [
  'api-keys:write',
  'smtp-credentials:write',
  'domains:write',
  'messages:send',
] as const

/** Invitations: see the slice's door for what holds. */
export function createInvitations(deps: {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly transactions: TenantTransactions
  readonly systemMail: Pick<SystemMail, 'send'>
  readonly limiter: Pick<Limiter, 'take'>
  readonly people: { forget(): void }
  readonly publicUrl: string
  readonly newId: () => string
  readonly nowMs: () => number
}): Invitations {
  const { keyring, transactions } = deps

  async function secret(row: {
    readonly id: string
    readonly workspaceId: string
    readonly accountIndex: Buffer
    readonly role: Role
    readonly permissionSetId: string | null
  }) {
    const minted = mintOneTimeToken()
    const expiresAt = new Date(deps.nowMs() + DAYS * 86_400_000)
    const tokenHash = await deps.pepper.of(minted.hash)
    const binding = await deps.pepper.of(invitationBinding({ ...row, expiresAt, tokenHash }))
    return { token: minted.key, tokenHash, binding, expiresAt }
  }

  async function mayWrite(workspaceId: string, email: string): Promise<boolean> {
    const [account] = await keyring.blindAddresses(INSTALLATION_WORKSPACE, [normaliseForIndex(email)])
    const key = account?.index.toString('hex') ?? ''
    const own = await deps.limiter.take({
      bucket: 'invitation.own',
      key: `${workspaceId} ${key}`,
      ...PER_ADDRESS,
    })
    if (!own.allowed) return false
    return (await deps.limiter.take({ bucket: 'invitation.all', key, ...PER_ADDRESS_OF_ALL })).allowed
  }

  /** After the commit: a letter about what was taken back would lead nowhere. Its failure is told as `sentAt` null. */
  async function mail(
    workspaceId: string,
    letter: {
      readonly id: string
      readonly email: string
      readonly workspace: string
      readonly made: Awaited<ReturnType<typeof secret>>
    },
  ): Promise<Date | null> {
    const { id, email, workspace, made } = letter
    try {
      if (!(await mayWrite(workspaceId, email))) return null
      await deps.systemMail.send({
        kind: 'invitation',
        to: email,
        ...writeLetter('invitation', {
          at: new Date(deps.nowMs()),
          workspace,
          link: {
            url: `${deps.publicUrl}/account/invitation#${made.token.reveal()}`,
            until: made.expiresAt,
          },
        }),
        dedupe: `invitation ${id} ${made.tokenHash.toString('hex', 0, 8)}`,
      })
    } catch (error) {
      if (error instanceof Fault) return null
      throw error
    }
    await transactions.write(workspaceId, (db) => markSent(db, workspaceId, id))
    return new Date(deps.nowMs())
  }

  async function make(
    caller: Caller,
    wishedEmail: string,
    rights: { readonly role: Role; readonly permissionSetId: string | null },
    judge: (db: TenantDatabase) => Promise<void>,
  ): Promise<InvitationView> {
    const { workspaceId } = caller
    const parsed = parseAddress(wishedEmail)
    if (!parsed.ok) throw invalidField('email', parsed.problem)
    const { email, domain } = parsed.address
    const norm = normaliseForIndex(email)
    const id = deps.newId()
    const [[own], [account], key] = await Promise.all([
      keyring.blindAddresses(workspaceId, [norm]),
      keyring.blindAddresses(INSTALLATION_WORKSPACE, [norm]),
      keyring.contentKey(workspaceId),
    ])
    if (own === undefined || account === undefined) throw new Error('the keyring answered no index')
    const sealedEmail = seal(key, placeOf(workspaceId, id), Buffer.from(email))
    const minted = await secret({ ...rights, id, workspaceId, accountIndex: account.index })
    const made = await caller.act(async (db, about) => {
      await judge(db)
      const inviting = await selectInviting(db, workspaceId)
      if (inviting.domains.length > 0 && !inviting.domains.includes(domain)) {
        throw invalidField(
          'email',
          `lies in ${domain}, and this workspace takes people of ${inviting.domains.join(', ')} only`,
          'An owner changes that: PUT /v1/workspace/policy.',
        )
      }
      const counts = await countInvitations(db, workspaceId)
      if (counts.open >= OPEN_MAX)
        throw new Fault('conflict', { detail: `${OPEN_MAX} invitations are open; revoke some first.` })
      if (counts.lately >= PER_HOUR_MAX) throw tooMany(3_600)
      const row = await insertInvitation(db, {
        ...rights,
        ...minted,
        id,
        workspaceId,
        emailIndex: own.index,
        accountIndex: account.index,
        sealedEmail,
        createdBy: caller.actor,
      })
      if (row === undefined)
        throw new Fault('conflict', {
          detail: 'This address is invited already: send that invitation again, or revoke it.',
        })
      about(encodeId('invitation', id), { role: rights.role, permissionSet: rights.permissionSetId })
      return { row, name: inviting.name }
    })
    const sentAt = await mail(workspaceId, { id, email, workspace: made.name, made: minted })
    return { ...viewOf(made.row, email), sentAt: sentAt?.toISOString() ?? null }
  }

  async function found(token: string): Promise<FoundInvitation | null> {
    if (!isOneTimeToken(token)) return null
    const tokenHash = await deps.pepper.of(hashSecret(token))
    const row = await findInvitation(deps.pool, tokenHash)
    if (row === undefined) return null
    const bound = bindingOfRow({ ...row, token_hash: tokenHash })
    return (await isBoundBy(deps.pepper, bound, row.binding)) ? row : null
  }

  async function emailOf(
    workspaceId: string,
    rows: readonly Pick<InvitationRecord, 'id' | 'sealed_email'>[],
  ): Promise<(row: Pick<InvitationRecord, 'id' | 'sealed_email'>) => string> {
    const ids = [...new Set(rows.map((row) => sealedKeyId(row.sealed_email)))]
    const keys = await keyring.openContentKeys(workspaceId, ids, 'invitations.list')
    return (row) => open(keys, placeOf(workspaceId, row.id), row.sealed_email).toString()
  }

  return {
    async create(caller, { email, ...wanted }) {
      const rights = rightsOf(wanted)
      const setScopes = await genuineScopes(deps.pepper, caller, rights.permissionSetId)
      return make(caller, email, rights, (db) => requireMayInvite(db, caller, rights, setScopes))
    },

    createFirstOwner: (caller, email) =>
      make(caller, email, { role: 'owner', permissionSetId: null }, async (db) => {
        const lacking = FIRST_OWNER_NEEDS.filter((scope) => !caller.principal.scopes.includes(scope))
        if (lacking.length > 0)
          throw new Fault('missing_scope', {
            detail: `Letting the first person in needs a whole key; yours lacks: ${lacking.join(', ')}.`,
          })
        if (await hasPeople(db, caller.workspaceId))
          throw new Fault('conflict', {
            detail: 'This workspace has, had or awaits people: they invite others.',
          })
      }),

    async list(caller, { limit, cursor }) {
      const { workspaceId } = caller
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) =>
        selectInvitations(db, workspaceId, { id: null, before, rowsMax: limit + 1 }),
      )
      const email = await emailOf(workspaceId, rows)
      return page(
        rows,
        limit,
        (row) => viewOf(row, email(row)),
        (row) => idCursor(row.id),
      )
    },

    revoke: (caller, id) =>
      caller.act(async (db, about) => {
        const row = await lockOpenInvitation(db, caller.workspaceId, id)
        if (row === undefined) throw missing('invitation', id)
        if (row.role === 'owner' && personOf(caller.principal).role !== 'owner')
          throw new Fault('missing_scope', { detail: 'Only an owner revokes the invitation of an owner.' })
        await markRevoked(db, caller.workspaceId, id)
        about(encodeId('invitation', id), { id })
      }),

    async resend(caller, id) {
      const { workspaceId } = caller
      const [known] = await caller.read((db) =>
        selectInvitations(db, workspaceId, { id, before: null, rowsMax: 1 }),
      )
      if (known === undefined) throw missing('invitation', id)
      // What it gives, and to whom, never changes: what somebody made mightier past Bulkhead is not made genuine by a new link.
      const rights = { role: known.role, permissionSetId: known.permission_set_id }
      const bound = bindingOfRow({ ...known, workspace_id: workspaceId })
      if (!(await isBoundBy(deps.pepper, bound, known.binding)))
        throw new Fault('conflict', {
          detail:
            'This invitation is not as it was made, after a restore for one. Revoke it, and invite anew.',
        })
      const minted = await secret({ ...rights, id, workspaceId, accountIndex: known.account_index })
      const setScopes = await genuineScopes(deps.pepper, caller, rights.permissionSetId)
      const made = await caller.act(async (db, about) => {
        const row = await lockOpenInvitation(db, workspaceId, id)
        if (row === undefined) throw missing('invitation', id)
        // As if it were made now, by this caller.
        await requireMayInvite(db, caller, rights, setScopes)
        const sinceMs = row.sent_at === null ? Infinity : deps.nowMs() - Number(row.sent_at)
        if (sinceMs < RESEND_AFTER_MS) throw tooMany(Math.ceil((RESEND_AFTER_MS - sinceMs) / 1_000))
        const { lately } = await countInvitations(db, workspaceId)
        if (lately >= PER_HOUR_MAX) throw tooMany(3_600)
        await renewInvitation(db, workspaceId, id, minted)
        about(encodeId('invitation', id))
        const { name } = await selectInviting(db, workspaceId)
        return { row, name }
      })
      const email = (await emailOf(workspaceId, [made.row]))(made.row)
      const sentAt = await mail(workspaceId, { id, email, workspace: made.name, made: minted })
      return {
        ...viewOf(made.row, email),
        state: 'open',
        expiresAt: minted.expiresAt.toISOString(),
        sentAt: sentAt?.toISOString() ?? null,
      }
    },

    async find(token) {
      const row = await found(token)
      if (row === null) return null
      const email = (await emailOf(row.workspace_id, [row]))(row)
      return {
        id: row.id,
        workspaceId: row.workspace_id,
        workspace: row.workspace,
        email,
        accountIndex: row.account_index,
      }
    },

    async accept(token, personId) {
      const row = await found(token)
      if (row === null) throw dead()
      const member = {
        id: deps.newId(),
        workspaceId: row.workspace_id,
        personId,
        role: row.role,
        permissionSetId: row.permission_set_id,
      }
      const outcome = await acceptInvitation(deps.pool, {
        id: row.id,
        personId,
        memberId: member.id,
        role: row.role,
        permissionSetId: row.permission_set_id,
        binding: row.binding,
        memberBinding: await deps.pepper.of(membershipDigest(member)),
      })
      switch (outcome) {
        case 'accepted':
          deps.people.forget()
          return { workspaceId: encodeId('workspace', row.workspace_id), workspace: row.workspace }
        case 'gone':
          throw dead()
        case 'other_address':
          throw new Fault('conflict', {
            detail: 'This invitation is for another address: sign in with the one to which it was sent.',
          })
        case 'member_already':
          throw new Fault('conflict', { detail: 'You are a member of this workspace already.' })
      }
    },
  }
}

/** Nobody invites others to more than the own rights, and only owners invite owners. */
async function requireMayInvite(
  db: TenantDatabase,
  caller: Pick<Caller, 'workspaceId' | 'principal'>,
  rights: { readonly role: Role; readonly permissionSetId: string | null },
  setScopes: readonly string[] | null,
): Promise<void> {
  const wished = await standingOf(db, caller.workspaceId, rights, setScopes)
  const refusal = refusalOf(await standingOfCaller(db, caller), null, wished)
  if (refusal !== null) throw new Fault('missing_scope', { detail: sentence(refusal) })
}

function placeOf(workspaceId: string, rowId: string): SealedPlace {
  return { workspaceId, table: 'invitation', column: 'sealed_email', rowId }
}

function viewOf(row: InvitationRecord, email: string): InvitationView {
  return {
    id: encodeId('invitation', row.id),
    email,
    role: row.permission_set_id === null ? row.role : null,
    permissionSetId: row.permission_set_id === null ? null : encodeId('permissionSet', row.permission_set_id),
    state: row.state,
    invitedBy: shownActor(row.created_by),
    createdAt: row.created_at.toISOString(),
    sentAt: row.sent_at?.toISOString() ?? null,
    expiresAt: row.expires_at.toISOString(),
  }
}

/** One answer for all that do not open. */
function dead(): Fault {
  return new Fault('invalid_request', {
    detail:
      'This invitation does not work: it was used, revoked, is too old, or was not copied whole. Ask for a new one.',
    fields: [{ field: 'token', problem: 'opens nothing', fix: 'Ask whoever invited you to send it again.' }],
  })
}

function tooMany(retryAfterSeconds: number): Fault {
  return new Fault('too_many_requests', {
    detail: `Too many invitations lately: wait ${retryAfterSeconds} s.`,
    retryAfterSeconds,
  })
}
