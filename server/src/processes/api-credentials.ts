import type { AuditRecord } from '../kernel/audit-record.ts'
import type { ApiKeys } from '../modules/api-keys/index.ts'
import { createFederation, createIssuerKeys } from '../modules/federation/index.ts'
import type { Federation } from '../modules/federation/index.ts'
import { createLeakedKeys, createReportKeys } from '../modules/leaked-keys/index.ts'
import type { LeakedKeys } from '../modules/leaked-keys/index.ts'
import type { DnsResolver } from '../platform/dns/index.ts'
import { createEgress } from '../platform/egress/index.ts'
import type { Queryable } from '../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../platform/postgres/tenant.ts'
import type { Logger } from '../platform/telemetry/index.ts'
import type { Access, CredentialPepper, SealedSenders } from '../security/access/index.ts'
import type { Limiter } from '../security/limits/index.ts'

export interface CredentialServices extends Disposable {
  readonly leakedKeys: LeakedKeys
  readonly federation: Federation
}

/** What ends keys that leaked and gives keys to workloads, put together once for the process and for the tests of it. */
export function prepareCredentials(deps: {
  readonly pool: Queryable
  readonly pepper: CredentialPepper
  readonly access: Pick<Access, 'recogniseApiKey' | 'forget'>
  readonly apiKeys: ApiKeys
  readonly senders: SealedSenders
  readonly limiter: Limiter
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly resolver: Pick<DnsResolver, 'a' | 'aaaa'>
  readonly allowPrivateTargets: boolean
  /** Development: issuers on this host may be http. */
  readonly allowLoopback: boolean
  /** Null: signed reports are not taken. */
  readonly leakReportKeysUrl: string | null
  readonly log: Logger
  readonly newId: () => string
}): CredentialServices {
  const egress = createEgress(deps)
  // The URL of the report keys is the operator's own word, and may lead into his own network.
  const ownEgress = createEgress({ resolver: deps.resolver, allowPrivateTargets: true })
  const url = deps.leakReportKeysUrl
  return {
    leakedKeys: createLeakedKeys({
      ...deps,
      reportKeys: url === null ? null : createReportKeys({ egress: ownEgress, url }),
    }),
    federation: createFederation({
      ...deps,
      issuerKeys: createIssuerKeys({ egress, allowLoopback: deps.allowLoopback }),
    }),
    [Symbol.dispose]() {
      egress[Symbol.dispose]()
      ownEgress[Symbol.dispose]()
    },
  }
}
