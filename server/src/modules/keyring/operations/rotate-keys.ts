import { z } from 'zod'
import { invalidField } from '../../../kernel/faults.ts'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { KeyringService } from '../keyring-service.ts'
import { Rotation } from '../keyring-views.ts'

export const rotateKeys = defineOperation({
  id: 'keyring.rotate',
  method: 'POST',
  path: '/v1/keyring/rotation',
  summary: 'Make new keys and wrap what there is anew, while everything goes on',
  description:
    "Needs the operator's key. root: wraps under the configured root what an earlier one wrapped. workspace: new keys for one workspace. all: both, for every workspace. One rotation runs at a time; it goes on after any process was killed.",
  scope: 'keyring:write',
  risk: 'installation',
  audit: 'keyring.rotation_started',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 202,
  input: z.strictObject({
    scope: z.enum(['root', 'workspace', 'all']),
    workspaceId: z.string().optional().describe('With scope workspace: which one.'),
  }),
  output: Rotation,
  handle: async (context: OperationContext<{ keyring: KeyringService }>, input) => {
    const { keyring } = context.services
    if (input.scope !== 'workspace') {
      if (input.workspaceId !== undefined)
        throw invalidField('workspaceId', 'goes with scope workspace only', 'leave it out')
      return keyring.rotate(context.actor, { scope: input.scope })
    }
    if (input.workspaceId === undefined)
      throw invalidField('workspaceId', 'is missing', 'name the workspace whose keys are to be rotated')
    const workspaceId = idOf('workspace', input.workspaceId)
    return keyring.rotate(context.actor, { scope: 'workspace', workspaceId })
  },
})
