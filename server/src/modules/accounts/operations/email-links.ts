import { z } from 'zod'
import { Instant } from '../../../platform/http/listing.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Token } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

const input = z.strictObject({ token: Token })
const bodyBytesMax = 16_384

export const confirmEmail = defineOperation({
  id: 'account.confirmEmail',
  method: 'POST',
  path: '/v1/account/email/confirm',
  summary: 'Prove a new address with the link that was mailed to it',
  description:
    'It signs in from 24 hours later on. Until then everything goes to the old address, which can undo the change.',
  scope: 'public',
  risk: 'safety',
  audit: 'person.email_change_confirmed',
  faults: ['invalid_request', 'unavailable'],
  bodyBytesMax,
  status: 200,
  input,
  output: z.object({ takesEffectAt: Instant }),
  handle: (context: OperationContext<{ accounts: Accounts }>, { token }) =>
    context.services.accounts.emailChange.confirmEmail(token),
})

export const undoEmail = defineEmptyOperation({
  id: 'account.undoEmail',
  method: 'POST',
  path: '/v1/account/email/undo',
  summary: 'Undo a change of address with the link in the mail to the old one',
  description: 'Needs no log-in, and ends every session of the account.',
  scope: 'public',
  risk: 'safety',
  audit: 'person.email_change_undone',
  faults: ['invalid_request', 'unavailable'],
  bodyBytesMax,
  input,
  handle: (context: OperationContext<{ accounts: Accounts }>, { token }) =>
    context.services.accounts.emailChange.undoEmail(token),
})
