import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { KeyringService } from '../keyring-service.ts'
import { Shred } from '../keyring-views.ts'

export const cancelShred = defineOperation({
  id: 'keyring.cancelShred',
  method: 'DELETE',
  path: '/v1/keyring/shreds/{workspaceId}',
  summary: 'Cancel the destruction of a workspace while it waits',
  description: "Needs the operator's key.",
  scope: 'keyring:write',
  risk: 'safety',
  audit: 'keyring.shred_cancelled',
  faults: ['not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({ workspaceId: z.string() }),
  output: Shred,
  handle: (context: OperationContext<{ keyring: KeyringService }>, input) =>
    context.services.keyring.cancelShred(context.actor, idOf('workspace', input.workspaceId)),
})
