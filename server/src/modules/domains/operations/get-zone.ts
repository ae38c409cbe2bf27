import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { defineBytesOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Domains } from '../domains-service.ts'

export const getZone = defineBytesOperation({
  id: 'operations.zone',
  method: 'GET',
  path: '/v1/zone',
  summary: 'The delegation zone as zone-file lines',
  description:
    "Needs the operator's key. Include the lines in the zone of BULKHEAD_DELEGATION_ZONE; where none is set, they stand under the host name of the installation, for domains that point there by choice.",
  scope: 'operations:read',
  risk: 'installation',
  audit: 'zone.read',
  faults: ['missing_scope'],
  produces: 'text/plain; charset=utf-8',
  input: z.strictObject({}),
  handle: async (context: OperationContext<{ domains: Domains }>) => {
    if (context.principal.kind !== 'operator') {
      throw new Fault('missing_scope', {
        detail: "The zone holds the selectors of all workspaces: use the operator's key.",
      })
    }
    return Buffer.from(await context.services.domains.zoneRecords())
  },
})
