import { bearerToken } from '../../../security/access/index.ts'
import type { Door } from '../door.ts'
import { apiKeyRoutes } from './api-keys.ts'
import type { ApiKeyServices } from './api-keys.ts'
import { broadcastRoutes } from './broadcasts.ts'
import type { BroadcastServices } from './broadcasts.ts'
import { contactRoutes } from './contacts.ts'
import type { ContactServices } from './contacts.ts'
import { domainRoutes } from './domains.ts'
import type { DomainServices } from './domains.ts'
import { emailRoutes } from './emails.ts'
import type { EmailServices } from './emails.ts'
import { renderFault } from './errors.ts'
import { segmentRoutes } from './segments.ts'
import { suppressionRoutes } from './suppressions.ts'
import type { SuppressionServices } from './suppressions.ts'
import { templateRoutes } from './templates.ts'
import type { TemplateServices } from './templates.ts'
import { topicRoutes } from './topics.ts'
import { webhookRoutes } from './webhooks.ts'
import type { WebhookServices } from './webhooks.ts'

/** What the routes of this door need. */
export interface ResendServices
  extends
    EmailServices,
    DomainServices,
    ApiKeyServices,
    TemplateServices,
    WebhookServices,
    SuppressionServices,
    ContactServices,
    BroadcastServices {}

export const resendDoor: Door<ResendServices> = {
  name: 'resend',
  routes: [
    ...emailRoutes,
    ...domainRoutes,
    ...apiKeyRoutes,
    ...templateRoutes,
    ...webhookRoutes,
    ...suppressionRoutes,
    ...contactRoutes,
    ...segmentRoutes,
    ...topicRoutes,
    ...broadcastRoutes,
  ],
  keyOf: ({ authorization }) => bearerToken(authorization),
  renderFault,
}
