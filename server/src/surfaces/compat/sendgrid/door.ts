import { isUtf8 } from 'node:buffer'
import { parseJsonBody } from '../../../platform/http/input.ts'
import { bearerToken } from '../../../security/access/index.ts'
import type { Door } from '../door.ts'
import { batchRoutes } from './batches.ts'
import type { BatchServices } from './batches.ts'
import { refuse, renderFault, vendorError } from './errors.ts'
import { mailRoutes } from './mail-routes.ts'
import type { MailServices } from './mail-routes.ts'
import { managingRoutes } from './managing.ts'
import type { ManagingServices } from './managing.ts'

/** What the routes of this door need. */
export type SendGridServices = BatchServices & ManagingServices & MailServices

export const sendgridDoor: Door<SendGridServices> = {
  name: 'sendgrid',
  routes: [...mailRoutes, ...batchRoutes, ...managingRoutes],
  parseBody,
  keyOf: ({ authorization }) => bearerToken(authorization),
  renderFault,
}

function parseBody(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw refuse(415, vendorError('Invalid UTF8 in request'))
  return parseJsonBody(bytes)
}
