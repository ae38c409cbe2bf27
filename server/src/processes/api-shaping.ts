import type { AuditRecord } from '../kernel/audit-record.ts'
import type { Messages } from '../modules/messages/index.ts'
import { createOverlayStore, createShaping, openRulesFile, type Shaping } from '../modules/shaping/index.ts'
import { createDestinationResolver, type DnsResolver } from '../platform/dns/index.ts'
import type { Pool } from '../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../platform/postgres/tenant.ts'
import type { Logger } from '../platform/telemetry/index.ts'

/** Shaping as the API shows it: the same file that senders go by, watched. */
export async function prepareShaping(deps: {
  readonly pool: Pool
  readonly messages: Messages
  readonly resolver: DnsResolver
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly settings: {
    readonly shaping: string | null
    readonly hostname: string
    readonly allowPrivateTargets: boolean
  }
  readonly log: Logger
}): Promise<{ readonly shaping: Shaping } & AsyncDisposable> {
  const { settings, log } = deps
  const store = createOverlayStore(deps.pool)
  const rules = await openRulesFile({
    path: settings.shaping,
    hostname: settings.hostname,
    log,
    onBroken: (problem) => store.noteRulesBroken(problem),
  })
  const shaping = createShaping({
    rules,
    hostname: settings.hostname,
    resolveDestination: createDestinationResolver({
      resolver: deps.resolver,
      allowPrivate: settings.allowPrivateTargets,
    }),
    messages: deps.messages,
    transactions: deps.transactions,
    recordAudit: deps.recordAudit,
    nowMs: Date.now,
  })
  return { shaping, [Symbol.asyncDispose]: () => rules[Symbol.asyncDispose]() }
}
