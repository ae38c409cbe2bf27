import { doorRoutes } from '../door.ts'
import { accessSettingsRoutes } from './access-settings.ts'
import type { AccessSettingsServices } from './access-settings.ts'
import { apiKeyRoutes } from './api-keys.ts'
import type { ApiKeyServices } from './api-keys.ts'
import { asmRoutes } from './asm.ts'
import type { AsmServices } from './asm.ts'
import { domainRoutes } from './domains.ts'
import type { DomainServices } from './domains.ts'
import { eventWebhookRoutes } from './event-webhooks.ts'
import type { EventWebhookServices } from './event-webhooks.ts'
import { parseSettingsRoutes } from './parse-settings.ts'
import type { ParseSettingsServices } from './parse-settings.ts'
import { statsRoutes } from './stats.ts'
import type { StatsServices } from './stats.ts'
import { suppressionRoutes } from './suppressions.ts'
import type { SuppressionServices } from './suppressions.ts'
import { templateRoutes } from './templates.ts'
import type { TemplateServices } from './templates.ts'

/** What the routes that manage things need. */
export type ManagingServices = TemplateServices &
  ApiKeyServices &
  AccessSettingsServices &
  AsmServices &
  DomainServices &
  EventWebhookServices &
  ParseSettingsServices &
  StatsServices &
  SuppressionServices

/** Everything but mail itself. */
export const managingRoutes = doorRoutes<ManagingServices>([
  ...templateRoutes,
  ...apiKeyRoutes,
  ...accessSettingsRoutes,
  ...asmRoutes,
  ...domainRoutes,
  ...eventWebhookRoutes,
  ...parseSettingsRoutes,
  ...statsRoutes,
  ...suppressionRoutes,
])
