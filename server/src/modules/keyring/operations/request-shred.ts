import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { KeyringService } from '../keyring-service.ts'
import { Shred } from '../keyring-views.ts'

export const requestShred = defineOperation({
  id: 'keyring.requestShred',
  method: 'POST',
  path: '/v1/keyring/shreds/{workspaceId}',
  summary: "Destroy a workspace's keys after a delay, for good",
  description:
    "Needs the operator's key. Until `executeAt` it can be cancelled; then addresses, bodies, secrets and DKIM keys of the workspace never open again, in this database. A backup opens what it held for as long as its root key exists: rotate the root afterwards and destroy the old one.",
  scope: 'keyring:write',
  risk: 'installation',
  audit: 'keyring.shred_requested',
  faults: ['not_found', 'conflict', 'unavailable'],
  status: 202,
  input: z.strictObject({ workspaceId: z.string() }),
  output: Shred,
  handle: (context: OperationContext<{ keyring: KeyringService }>, input) =>
    context.services.keyring.requestShred(context.actor, idOf('workspace', input.workspaceId)),
})
