import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { SystemMail } from '../system-mail-service.ts'
import { SystemMailState } from '../system-mail-views.ts'

export const getSystemMail = defineOperation({
  id: 'systemMail.get',
  method: 'GET',
  path: '/v1/system-mail',
  summary: "Whether the installation's own mail can be sent, and the DNS records of its domain",
  description:
    "Needs the operator's key. Verification, reset, invitations and security notices are sent from BULKHEAD_SYSTEM_FROM.",
  scope: 'workspaces:read',
  risk: 'safety',
  audit: 'system_mail.read',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: SystemMailState,
  handle: (context: OperationContext<{ systemMail: SystemMail }>) => context.services.systemMail.state(),
})
