import type { AuditRecord } from '../kernel/audit-record.ts'
import { createAlerts } from '../modules/alerts/index.ts'
import { createDoorNetworks } from '../modules/api-keys/index.ts'
import { createAuditLogReader } from '../modules/audit-log/index.ts'
import { createBatches } from '../modules/batches/index.ts'
import { createBounces } from '../modules/bounces/index.ts'
import { createContactLists, createContacts } from '../modules/contacts/index.ts'
import { createEpochs } from '../modules/epochs/index.ts'
import { createHoney } from '../modules/honey/index.ts'
import { createInbox } from '../modules/inbox/index.ts'
import { createInventory } from '../modules/inventory/index.ts'
import { createKeyringService } from '../modules/keyring/index.ts'
import { createOutcomes } from '../modules/messages/index.ts'
import { createChanges } from '../modules/notices/index.ts'
import { createQuotas } from '../modules/quotas/index.ts'
import { createSenders } from '../modules/senders/index.ts'
import { createInstallationLedger } from '../modules/monitoring/index.ts'
import { createSourceDesk } from '../modules/sources/index.ts'
import { createStatistics, createTagStatistics } from '../modules/statistics/index.ts'
import { createSubaccounts } from '../modules/subaccounts/index.ts'
import {
  createSuppressionExemptions,
  createSuppressionImports,
  createSuppressions,
} from '../modules/suppressions/index.ts'
import { createTopics, createTopicSuppressions } from '../modules/topics/index.ts'
import type { KeyringClient } from '../platform/keyring-client/index.ts'
import type { Pool } from '../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../platform/postgres/tenant.ts'
import type { ReadingBudgets } from '../security/limits/index.ts'

/** The slices that need nothing but the database, the keyring and a clock, put together once for the process and for the tests of it. */
export function prepareSlices(deps: {
  readonly pool: Pool
  readonly keyring: KeyringClient
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly reading: ReadingBudgets
  readonly newId: () => string
  readonly nowMs: () => number
}) {
  const stock = deps.reading
  return {
    senders: createSenders(deps),
    suppressions: createSuppressions({ ...deps, budget: stock('suppressions'), exports: stock('exports') }),
    suppressionImports: createSuppressionImports(deps),
    suppressionExemptions: createSuppressionExemptions({ ...deps, budget: stock('suppressions') }),
    topics: createTopics(deps),
    topicSuppressions: createTopicSuppressions({ ...deps, budget: stock('suppressions') }),
    batches: createBatches(deps),
    subaccounts: createSubaccounts(deps),
    doorNetworks: createDoorNetworks(),
    outcomes: createOutcomes({ ...deps, budget: stock('messages') }),
    epochs: createEpochs(deps),
    contacts: createContacts({ ...deps, budget: stock('contacts') }),
    contactLists: createContactLists(deps),
    inbox: createInbox(deps),
    inventory: createInventory(deps),
    alerts: createAlerts(deps),
    honey: createHoney(deps),
    sourceDesk: createSourceDesk(deps),
    installationLedger: createInstallationLedger(deps),
    bounces: createBounces({ ...deps, budget: stock('messages') }),
    auditLog: createAuditLogReader(deps),
    keyring: createKeyringService(deps),
    statistics: createStatistics({ transactions: deps.transactions, now: deps.nowMs }),
    tagStatistics: createTagStatistics(deps),
    quotas: createQuotas(deps),
    changes: createChanges(deps),
  }
}
