import type { AuditRecord } from '../../kernel/audit-record.ts'
import type { ContainmentQuestion } from '../../kernel/containment.ts'
import { Fault } from '../../kernel/faults.ts'
import type { TenantDatabase, TenantTransactions } from '../postgres/tenant.ts'
import { actorOf, CAPABILITY_OF_RISK, KNOWN_SCOPE, STEP_UP_OF_RISK, workspaceOf } from './operation.ts'
import type { Client, Operation, OperationContext, Principal } from './operation.ts'

export interface RunDependencies<Services> {
  readonly services: Services
  readonly transactions: TenantTransactions
  /** What is cut off. The database refuses what this check does not see yet, reads excepted. */
  readonly containment: {
    /** Throws `contained`. */
    require(question: ContainmentQuestion): void
  }
  /** Writes the audit event of an act in the act's own transaction. */
  recordAudit(db: TenantDatabase, record: AuditRecord): Promise<void>
}

/** What an Idempotency-Key may be. */
export const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,256}$/

/** What of a request and its answer an operation sees beside its input. */
export type Exchange = Pick<
  OperationContext<unknown>,
  'setCookie' | 'addHeaders' | 'idempotencyKey' | 'bodyHash' | 'raw' | 'lastEventId' | 'signal'
>

/**
 * Refuses a principal that may not do this: by its scopes, by how long ago a person showed the second factor, by what is contained. Answers
 * what was asked of containment.
 */
export function admit<Services>(
  operation: Operation<Services>,
  principal: Principal,
  containment: RunDependencies<Services>['containment'],
): ContainmentQuestion {
  requireScope(operation, principal)
  requireStepUp(operation, principal)
  const question = questionOf(operation, principal)
  containment.require(question)
  return question
}

/** What the handler of an operation gets. */
export function contextOf<Services>(
  operation: Operation<Services>,
  deps: RunDependencies<Services>,
  { principal, client }: { readonly principal: Principal; readonly client: Client },
  exchange: Exchange,
): OperationContext<Services> {
  const workspaceId = workspaceOf(principal)
  const actor = actorOf(principal)
  return {
    services: deps.services,
    workspaceId,
    principal,
    actor,
    client,
    setCookie: exchange.setCookie,
    addHeaders: exchange.addHeaders,
    idempotencyKey: exchange.idempotencyKey,
    bodyHash: exchange.bodyHash,
    raw: exchange.raw,
    lastEventId: exchange.lastEventId,
    get signal() {
      return exchange.signal
    },
    read: (work) => deps.transactions.read(workspaceId, work),
    act: (work) =>
      deps.transactions.write(
        workspaceId,
        async (db) => {
          let target: string | null = null
          let detail: Record<string, unknown> = {}
          const result = await work(db, (about, more = {}) => {
            target = about
            detail = more
          })
          const { audit: action } = operation
          if (typeof action !== 'string') throw new Error(`${operation.id} chooses its record itself`)
          await deps.recordAudit(db, { workspaceId, actor, action, target, detail })
          return result
        },
        actor,
      ),
  }
}

function requireScope<Services>(operation: Operation<Services>, principal: Principal): void {
  const isKnown = principal.kind !== 'person' || principal.level !== 'enrolment'
  if ((isKnown && operation.scope === KNOWN_SCOPE) || principal.scopes.includes(operation.scope)) return
  if (principal.kind !== 'person') {
    throw new Fault('missing_scope', {
      detail: `This needs the scope ${operation.scope}; the key has: ${principal.scopes.join(', ') || 'none'}.`,
    })
  }
  if (principal.level === 'enrolment') {
    throw new Fault('second_factor_required', {
      detail: 'Add a second factor first: until then this session can do nothing else.',
    })
  }
  if (operation.scope.startsWith('account')) {
    throw new Fault('missing_scope', {
      detail:
        'A session that a workspace’s own provider vouches for has no say over your account: sign in with your own means.',
    })
  }
  if (principal.workspaceId === '') {
    throw new Fault('workspace_required', {
      detail: 'Name the workspace in the header bulkhead-workspace; GET /v1/account lists yours.',
    })
  }
  throw new Fault('missing_scope', {
    detail: `This needs the scope ${operation.scope}, which your role here (${principal.role ?? 'none'}) does not have. An owner can change it.`,
  })
}

function requireStepUp<Services>(operation: Operation<Services>, principal: Principal): void {
  // A session that can only add the first factor has none to show. A whole one shows its own before it adds another: whoever took
  // over an old session must not make himself at home.
  if (principal.kind !== 'person' || principal.level === 'enrolment') return
  const maxAgeSeconds =
    operation.stepUpSeconds === undefined ? STEP_UP_OF_RISK[operation.risk] : operation.stepUpSeconds
  if (maxAgeSeconds === null) return
  if (principal.strongAgeMs !== null && principal.strongAgeMs <= maxAgeSeconds * 1_000) return
  throw new Fault('step_up_required', {
    detail: `Show your second factor again: for this it may be at most ${maxAgeSeconds / 60} minutes old. POST /v1/session/step-up.`,
    maxAgeSeconds,
  })
}

function questionOf<Services>(operation: Operation<Services>, principal: Principal): ContainmentQuestion {
  const capability = CAPABILITY_OF_RISK[operation.risk]
  return {
    workspaceId: workspaceOf(principal),
    actor: actorOf(principal),
    capabilities: capability === null ? [] : [capability],
  }
}
