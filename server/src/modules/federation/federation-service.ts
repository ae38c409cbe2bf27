import { timingSafeEqual } from 'node:crypto'
import type { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { Fault } from '../../kernel/faults.ts'
import { decodeId, encodeId } from '../../kernel/ids.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { requireHeldScopes, resolveBounds } from '../../security/access/index.ts'
import type { CredentialPepper, SealedSenders, WantedBounds } from '../../security/access/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { Limiter } from '../../security/limits/index.ts'
import type { ApiKeys } from '../api-keys/index.ts'
import { shownActor } from '../members/index.ts'
import { readIssuer, readSubject, ruleDigest } from './federation-rule.ts'
import type { Claims, FederationRule, RuleTerms } from './federation-rule.ts'
import { findRule, insertRule, markRuleRevoked, selectRules, useToken } from './federation-store.ts'
import type { RuleRecord, RuleRow } from './federation-store.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { judgeToken } from './workload-token.ts'

type View = z.output<typeof FederationRule>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'actor' | 'read' | 'act'>

interface WantedRule extends Pick<WantedBounds, 'allowedCidrs' | 'allowedSenders'> {
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly subject: string
  readonly claims: Claims
  readonly scopes: readonly string[]
  readonly lifetimeSeconds: number
}

export interface ExchangedKey {
  readonly key: string
  readonly id: string
  readonly workspaceId: string
  readonly scopes: string[]
  readonly expiresAt: string
}

export interface Federation {
  /** Throws `missing_scope` for a rule that gives more than its maker has, and `invalid_request`. */
  createRule(caller: Caller, wanted: WantedRule): Promise<View>
  listRules(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  revokeRule(caller: Caller, id: string): Promise<void>
  /**
   * A key for a token. Throws `unauthenticated`, in the same words whatever is wrong, `too_many_requests`, `contained`, and `unavailable` where
   * the database, the keyring or the issuer is away.
   */
  exchange(ruleId: string, token: string, clientAddress: string): Promise<ExchangedKey>
}

const REFUSED =
  'The token gives no key: there is no such rule, or the token is not one of it, has expired or was used before. The log of the installation says which.'

/** Federation: see the slice's door for what holds. */
export function createFederation(deps: {
  readonly pool: Queryable
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly senders: SealedSenders
  readonly apiKeys: Pick<ApiKeys, 'mint' | 'storeIn'>
  readonly issuerKeys: IssuerKeys
  readonly limiter: Pick<Limiter, 'take'>
  readonly transactions: Pick<TenantTransactions, 'write'>
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  /** Development: issuers on this host may be http. */
  readonly allowLoopback: boolean
  readonly log: Logger
  readonly newId: () => string
}): Federation {
  async function isGenuine(row: RuleRow & { readonly binding: Buffer }): Promise<boolean> {
    const expected = await deps.pepper.of(ruleDigest(termsOf(row)))
    if (row.binding.length === expected.length && timingSafeEqual(row.binding, expected)) return true
    deps.log.error(
      { alarm: 'federation_rule.forged', rule: row.id, workspaceId: row.workspace_id },
      'A federation rule is not as it was made and gives no key: somebody wrote to the database past Bulkhead',
    )
    return false
  }

  async function requireTurn(address: string): Promise<void> {
    const taken = await deps.limiter.take({
      bucket: 'federation_exchange',
      key: clientKeyOf(address),
      capacity: 120,
      refillPerSecond: 2,
    })
    if (taken.allowed) return
    throw new Fault('too_many_requests', {
      detail: 'Too many exchanges from here in the last minute; try again.',
      retryAfterSeconds: taken.retryAfterSeconds,
    })
  }

  async function requireRule(ruleId: string) {
    const id = decodeId('federationRule', ruleId)
    const row = id === null ? undefined : await findRule(deps.pool, id)
    if (row === undefined || !(await isGenuine(row))) throw unauthenticated()
    return row
  }

  /** The key of a good token. Everything that the keyring is asked for comes before the transaction. */
  async function keyFor(
    rule: RuleRow & { readonly now: Date },
    { useHash, overAt }: { readonly useHash: Buffer; readonly overAt: Date },
  ): Promise<ExchangedKey> {
    const workspaceId = rule.workspace_id
    const senders = await deps.senders.openForSuccessor(
      workspaceId,
      'federation_rule',
      rule,
      'federation.exchange',
    )
    const fresh = await deps.apiKeys.mint(workspaceId, {
      name: `Federation: ${rule.name}`.slice(0, 200),
      scopes: rule.scopes,
      expiresAt: new Date(rule.now.getTime() + rule.lifetime_seconds * 1_000),
      allowedCidrs: rule.allowed_cidrs,
      senders,
    })
    const actor = `federation:${rule.id}`
    const made = await deps.transactions.write(
      workspaceId,
      async (db) => {
        if (!(await useToken(db, rule.id, useHash, overAt))) return null
        const stored = await deps.apiKeys.storeIn(db, fresh)
        await deps.recordAudit(db, {
          workspaceId,
          actor,
          action: 'federation.exchanged',
          target: encodeId('federationRule', rule.id),
          detail: { key: stored.id, prefix: stored.prefix },
        })
        return stored
      },
      actor,
    )
    if (made === null || made.expiresAt === null) {
      deps.log.info({ rule: rule.id, reason: 'it was used before' }, 'A workload token was refused')
      throw unauthenticated()
    }
    return {
      key: made.key,
      id: made.id,
      workspaceId: encodeId('workspace', workspaceId),
      scopes: made.scopes,
      expiresAt: made.expiresAt,
    }
  }

  return {
    async createRule(caller, wanted) {
      requireHeldScopes(wanted.scopes, caller.principal)
      const { workspaceId } = caller
      const issuer = readIssuer(wanted.issuer, deps.allowLoopback)
      const subject = readSubject(wanted.subject)
      const id = deps.newId()
      const place = { workspaceId, table: 'federation_rule', rowId: id } as const
      const bounds = await resolveBounds(deps.senders, caller, place, {
        allowedCidrs: wanted.allowedCidrs,
        allowedSenders: wanted.allowedSenders,
      })
      const row = {
        id,
        workspace_id: workspaceId,
        name: wanted.name,
        issuer,
        audience: wanted.audience,
        subject,
        claims: wanted.claims,
        scopes: [...wanted.scopes],
        lifetime_seconds: wanted.lifetimeSeconds,
        allowed_cidrs: [...bounds.allowedCidrs],
        allowed_senders: [...bounds.allowedSenders],
        sealed_senders: bounds.sealedSenders,
      }
      const binding = await deps.pepper.of(ruleDigest(termsOf(row)))
      return caller.act(async (db, about) => {
        const stored = await insertRule(db, { ...row, binding, created_by: caller.actor })
        about(encodeId('federationRule', id), { name: wanted.name, issuer, subject, scopes: row.scopes })
        return view(stored, bounds.patterns)
      })
    },

    async listRules(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectRules(db, caller.workspaceId, before, limit + 1))
      const reason = 'federation.listRules'
      const patternsOf = await deps.senders.open(caller.workspaceId, 'federation_rule', rows, reason)
      return page(
        rows,
        limit,
        (row) => view(row, patternsOf(row.id)),
        (row) => idCursor(row.id),
      )
    },

    revokeRule: (caller, id) =>
      caller.act(async (db, about) => {
        if (!(await markRuleRevoked(db, caller.workspaceId, id))) throw missing('federationRule', id)
        about(encodeId('federationRule', id), { id })
      }),

    async exchange(ruleId, token, clientAddress) {
      try {
        await requireTurn(clientAddress)
        const rule = await requireRule(ruleId)
        const verdict = await judgeToken(token, termsOf(rule), rule.now, deps.issuerKeys)
        switch (verdict.kind) {
          case 'good':
            return await keyFor(rule, verdict)
          case 'refused':
            deps.log.info({ rule: rule.id, reason: verdict.reason }, 'A workload token was refused')
            throw unauthenticated()
          case 'unavailable':
            throw new Fault('unavailable', {
              detail: 'The issuer of the token cannot be asked for its keys right now; try again.',
              internal: 'the keys of an issuer could not be fetched',
              retryAfterSeconds: 30,
              cause: verdict.cause,
            })
        }
      } catch (error) {
        throw faultOfFailure(error)
      }
    },
  }
}

function unauthenticated(): Fault {
  return new Fault('unauthenticated', { detail: REFUSED })
}

function termsOf(row: RuleRow): RuleTerms {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    issuer: row.issuer,
    audience: row.audience,
    subject: row.subject,
    claims: row.claims,
    scopes: row.scopes,
    lifetimeSeconds: row.lifetime_seconds,
    allowedCidrs: row.allowed_cidrs,
    allowedSenders: row.allowed_senders,
  }
}

function view(row: RuleRecord, senders: readonly string[]): View {
  return {
    id: encodeId('federationRule', row.id),
    name: row.name,
    issuer: row.issuer,
    audience: row.audience,
    subject: row.subject,
    claims: row.claims,
    scopes: row.scopes,
    lifetimeSeconds: row.lifetime_seconds,
    allowedCidrs: row.allowed_cidrs,
    allowedSenders: [...senders],
    createdAt: row.created_at.toISOString(),
    createdBy: shownActor(row.created_by),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}
