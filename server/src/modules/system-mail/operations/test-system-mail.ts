import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { SystemMail } from '../system-mail-service.ts'

export const testSystemMail = defineOperation({
  id: 'systemMail.test',
  method: 'POST',
  path: '/v1/system-mail/test',
  summary: 'Send a test letter as the installation',
  description: "Needs the operator's key. The letter holds nothing but that it is a test.",
  scope: 'workspaces:write',
  risk: 'installation',
  audit: 'system_mail.tested',
  faults: ['invalid_request', 'unavailable', 'contained'],
  status: 202,
  input: z.strictObject({ to: z.string().max(320) }),
  output: z.object({ messageId: z.string() }),
  handle: (context: OperationContext<{ systemMail: SystemMail }>, input) =>
    context.services.systemMail.test(context.actor, input.to),
})
