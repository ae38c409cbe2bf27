import { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { Instant } from '../../platform/http/listing.ts'
import { defineOperation, type OperationContext } from '../../platform/http/operation.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { LedgerView, presentLedger } from '../messages/index.ts'
import { selectLedger } from './monitoring-store.ts'

const InstallationLedgerView = LedgerView.extend({
  countedAt: Instant.describe('The instant of which all of the numbers are.'),
})

/** The ledger of all workspaces together. */
export interface InstallationLedger {
  /** As a worker counted it last. Throws `unavailable` until one has. */
  get(): Promise<z.output<typeof InstallationLedgerView>>
}

export function createInstallationLedger(deps: {
  readonly transactions: TenantTransactions
}): InstallationLedger {
  return {
    async get() {
      const counted = await deps.transactions.read(INSTALLATION_WORKSPACE, selectLedger)
      if (counted === null)
        throw new Fault('unavailable', {
          detail:
            'The ledger was not counted yet: a worker does so some seconds after its start. Try again then.',
        })
      return { ...presentLedger(counted.rows), countedAt: counted.countedAt.toISOString() }
    },
  }
}

export const getInstallationLedger = defineOperation({
  id: 'installationLedger.get',
  method: 'GET',
  path: '/v1/installation/ledger',
  summary: 'What became of every recipient that the installation ever accepted',
  description:
    "Needs the operator's key. A worker counts it every 15 s, or as seldom as makes it a two-hundredth of the time; `countedAt` says when. Until it was counted for the first time the answer is 503.",
  scope: 'queue:read',
  risk: 'read',
  audit: 'ledger.read',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: InstallationLedgerView,
  handle: (context: OperationContext<{ installationLedger: InstallationLedger }>) =>
    context.services.installationLedger.get(),
})
