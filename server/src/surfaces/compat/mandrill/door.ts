import type { Door } from '../door.ts'
import { allowlistRoutes } from './allowlists.ts'
import type { AllowlistServices } from './allowlists.ts'
import { glimpseKeys, keyOf, parseBody } from './body.ts'
import { renderFault } from './errors.ts'
import { rawRoutes } from './message-raw.ts'
import { sendRoutes } from './message-send.ts'
import type { SendServices } from './message-send.ts'
import type { ViewServices } from './message-views.ts'
import { messageRoutes } from './messages.ts'
import { rejectRoutes } from './rejects.ts'
import type { RejectServices } from './rejects.ts'
import { aliases } from './routes.ts'
import { senderRoutes } from './senders.ts'
import type { DomainServices } from './senders.ts'
import { subaccountRoutes } from './subaccounts.ts'
import type { SubaccountServices } from './subaccounts.ts'
import { tagRoutes } from './tags.ts'
import type { TagServices } from './tags.ts'
import { templateRoutes } from './templates.ts'
import type { TemplateServices } from './templates.ts'
import { userRoutes } from './users.ts'
import type { UserServices } from './users.ts'
import { webhookRoutes } from './webhooks.ts'
import type { WebhookServices } from './webhooks.ts'

/** What the routes of this door need. */
export interface MandrillServices
  extends
    UserServices,
    SendServices,
    ViewServices,
    TemplateServices,
    RejectServices,
    AllowlistServices,
    WebhookServices,
    SubaccountServices,
    DomainServices,
    TagServices {}

export const mandrillDoor: Door<MandrillServices> = {
  name: 'mandrill',
  routes: [
    ...userRoutes,
    ...sendRoutes,
    ...rawRoutes,
    ...messageRoutes,
    ...templateRoutes,
    ...rejectRoutes,
    ...allowlistRoutes,
    ...webhookRoutes,
    ...subaccountRoutes,
    ...senderRoutes,
    ...tagRoutes,
  ],
  aliases,
  keyOf,
  glimpseKeys,
  parseBody,
  renderFault,
}
