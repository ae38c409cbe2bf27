import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { parseAuditSearch } from './screens/audit/audit-search.ts'
import { parseContainmentSearch } from './screens/containment/containment-search.ts'
import { parseBouncesSearch } from './screens/bounces/bounces-search.ts'
import { parseBroadcastsSearch } from './screens/broadcasts/broadcasts-search.ts'
import { parseContactsSearch } from './screens/contacts/contacts-search.ts'
import { parseCredentialsSearch } from './screens/developers/developers-search.ts'
import { parseDomainSearch, parseDomainsSearch } from './screens/domains/domains-search.ts'
import { parseHomeSearch } from './screens/home/home-search.ts'
import { parseInboxSearch } from './screens/inbox/inbox-search.ts'
import { parseInboundSearch } from './screens/inbound/inbound-search.ts'
import { parseMessageSearch } from './screens/messages/message-search.ts'
import { parseMessagesSearch } from './screens/messages/messages-search.ts'
import { parseAlertsSearch } from './screens/security/alerts-search.ts'
import { parseMembersSearch } from './screens/security/members-search.ts'
import { parseWorkloadsSearch } from './screens/security/workloads-search.ts'
import { parseSuppressionsSearch } from './screens/suppressions/suppressions-search.ts'
import { parseWebhookSearch, parseWebhooksSearch } from './screens/webhooks/webhooks-search.ts'
import {
  parseQueueSearch,
  parseQuotasSearch,
  parseShapingSearch,
  parseTransportSearch,
} from './screens/operations/operations-search.ts'
import { parseSendersSearch } from './screens/senders/senders-search.ts'
import { parseTopicsSearch } from './screens/topics/topics-search.ts'
import { parseTrackingSearch } from './screens/tracking/tracking-search.ts'
import { parseTemplateSearch, parseTemplatesSearch } from './screens/templates/templates-search.ts'
import { Layout } from './shell/layout.tsx'
import { NotFound } from './shell/not-found.tsx'
import { ScreenFailure, ScreenLoading } from './shell/screen-states.tsx'

/**
 * The console's addresses. Filters and tabs live in the query, so that a link shows what its sender saw. Each screen is a file of its own that
 * is loaded when it is first opened.
 */
const rootRoute = createRootRoute({ component: Layout, notFoundComponent: NotFound })
const at = () => rootRoute

const homeRoute = createRoute({
  getParentRoute: at,
  path: '/',
  validateSearch: parseHomeSearch,
  component: lazyRouteComponent(() => import('./screens/home/home-screen.tsx'), 'HomeScreen'),
})
const inboxRoute = createRoute({
  getParentRoute: at,
  path: '/inbox',
  validateSearch: parseInboxSearch,
  component: lazyRouteComponent(() => import('./screens/inbox/inbox-screen.tsx'), 'InboxScreen'),
})
/** The list stays while mails are read beside it: the screen is the parent's and looks at `capturedId`. */
const capturedRoute = createRoute({ getParentRoute: () => inboxRoute, path: '$capturedId' })
const messagesRoute = createRoute({
  getParentRoute: at,
  path: '/messages',
  validateSearch: parseMessagesSearch,
  component: lazyRouteComponent(() => import('./screens/messages/messages-screen.tsx'), 'MessagesScreen'),
})
const messageRoute = createRoute({
  getParentRoute: at,
  path: '/messages/$messageId',
  validateSearch: parseMessageSearch,
  component: lazyRouteComponent(() => import('./screens/messages/message-screen.tsx'), 'MessageScreen'),
})
const domainsRoute = createRoute({
  getParentRoute: at,
  path: '/domains',
  validateSearch: parseDomainsSearch,
  component: lazyRouteComponent(() => import('./screens/domains/domains-screen.tsx'), 'DomainsScreen'),
})
const domainRoute = createRoute({
  getParentRoute: at,
  path: '/domains/$domainId',
  validateSearch: parseDomainSearch,
  component: lazyRouteComponent(() => import('./screens/domains/domain-screen.tsx'), 'DomainScreen'),
})
const sendersRoute = createRoute({
  getParentRoute: at,
  path: '/senders',
  validateSearch: parseSendersSearch,
  component: lazyRouteComponent(() => import('./screens/senders/senders-screen.tsx'), 'SendersScreen'),
})
const templatesRoute = createRoute({
  getParentRoute: at,
  path: '/templates',
  validateSearch: parseTemplatesSearch,
  component: lazyRouteComponent(() => import('./screens/templates/templates-screen.tsx'), 'TemplatesScreen'),
})
const templateRoute = createRoute({
  getParentRoute: at,
  path: '/templates/$templateId',
  validateSearch: parseTemplateSearch,
  component: lazyRouteComponent(() => import('./screens/templates/template-screen.tsx'), 'TemplateScreen'),
})
const suppressionsRoute = createRoute({
  getParentRoute: at,
  path: '/suppressions',
  validateSearch: parseSuppressionsSearch,
  component: lazyRouteComponent(
    () => import('./screens/suppressions/suppressions-screen.tsx'),
    'SuppressionsScreen',
  ),
})
const bouncesRoute = createRoute({
  getParentRoute: at,
  path: '/bounces',
  validateSearch: parseBouncesSearch,
  component: lazyRouteComponent(() => import('./screens/bounces/bounces-screen.tsx'), 'BouncesScreen'),
})
const contactsRoute = createRoute({
  getParentRoute: at,
  path: '/contacts',
  validateSearch: parseContactsSearch,
  component: lazyRouteComponent(() => import('./screens/contacts/contacts-screen.tsx'), 'ContactsScreen'),
})
const broadcastsRoute = createRoute({
  getParentRoute: at,
  path: '/broadcasts',
  validateSearch: parseBroadcastsSearch,
  component: lazyRouteComponent(
    () => import('./screens/broadcasts/broadcasts-screen.tsx'),
    'BroadcastsScreen',
  ),
})
const inboundRoute = createRoute({
  getParentRoute: at,
  path: '/inbound',
  validateSearch: parseInboundSearch,
  component: lazyRouteComponent(() => import('./screens/inbound/inbound-screen.tsx'), 'InboundScreen'),
})
const topicsRoute = createRoute({
  getParentRoute: at,
  path: '/topics',
  validateSearch: parseTopicsSearch,
  component: lazyRouteComponent(() => import('./screens/topics/topics-screen.tsx'), 'TopicsScreen'),
})
const trackingRoute = createRoute({
  getParentRoute: at,
  path: '/tracking',
  validateSearch: parseTrackingSearch,
  component: lazyRouteComponent(() => import('./screens/tracking/tracking-screen.tsx'), 'TrackingScreen'),
})
const apiKeysRoute = createRoute({
  getParentRoute: at,
  path: '/api-keys',
  validateSearch: parseCredentialsSearch,
  component: lazyRouteComponent(() => import('./screens/developers/api-keys-screen.tsx'), 'ApiKeysScreen'),
})
const smtpRoute = createRoute({
  getParentRoute: at,
  path: '/smtp-credentials',
  validateSearch: parseCredentialsSearch,
  component: lazyRouteComponent(() => import('./screens/developers/smtp-screen.tsx'), 'SmtpScreen'),
})
const webhooksRoute = createRoute({
  getParentRoute: at,
  path: '/webhooks',
  validateSearch: parseWebhooksSearch,
  component: lazyRouteComponent(() => import('./screens/webhooks/webhooks-screen.tsx'), 'WebhooksScreen'),
})
const webhookRoute = createRoute({
  getParentRoute: at,
  path: '/webhooks/$webhookId',
  validateSearch: parseWebhookSearch,
  component: lazyRouteComponent(() => import('./screens/webhooks/webhook-screen.tsx'), 'WebhookScreen'),
})
const accountRoute = createRoute({
  getParentRoute: at,
  path: '/security/account',
  component: lazyRouteComponent(() => import('./screens/security/account-screen.tsx'), 'AccountScreen'),
})
const membersRoute = createRoute({
  getParentRoute: at,
  path: '/security/members',
  validateSearch: parseMembersSearch,
  component: lazyRouteComponent(() => import('./screens/security/members-screen.tsx'), 'MembersScreen'),
})
const memberRoute = createRoute({
  getParentRoute: at,
  path: '/security/members/$memberId',
  component: lazyRouteComponent(() => import('./screens/security/member-screen.tsx'), 'MemberScreen'),
})
const policiesRoute = createRoute({
  getParentRoute: at,
  path: '/security/policies',
  component: lazyRouteComponent(() => import('./screens/security/policies-screen.tsx'), 'PoliciesScreen'),
})
const signOnRoute = createRoute({
  getParentRoute: at,
  path: '/security/sign-on',
  component: lazyRouteComponent(() => import('./screens/security/sign-on-screen.tsx'), 'SignOnScreen'),
})
const workloadsRoute = createRoute({
  getParentRoute: at,
  path: '/security/workloads',
  validateSearch: parseWorkloadsSearch,
  component: lazyRouteComponent(() => import('./screens/security/workloads-screen.tsx'), 'WorkloadsScreen'),
})
const approvalsRoute = createRoute({
  getParentRoute: at,
  path: '/security/approvals',
  component: lazyRouteComponent(() => import('./screens/security/approvals-screen.tsx'), 'ApprovalsScreen'),
})
const alertsRoute = createRoute({
  getParentRoute: at,
  path: '/security/alerts',
  validateSearch: parseAlertsSearch,
  component: lazyRouteComponent(() => import('./screens/security/alerts-screen.tsx'), 'AlertsScreen'),
})
const auditRoute = createRoute({
  getParentRoute: at,
  path: '/security/audit',
  validateSearch: parseAuditSearch,
  component: lazyRouteComponent(() => import('./screens/audit/audit-screen.tsx'), 'AuditScreen'),
})
const containmentRoute = createRoute({
  getParentRoute: at,
  path: '/security/containment',
  validateSearch: parseContainmentSearch,
  component: lazyRouteComponent(
    () => import('./screens/containment/containment-screen.tsx'),
    'ContainmentScreen',
  ),
})
const queueRoute = createRoute({
  getParentRoute: at,
  path: '/operations/queue',
  validateSearch: parseQueueSearch,
  component: lazyRouteComponent(() => import('./screens/operations/queue-screen.tsx'), 'QueueScreen'),
})
const shapingRoute = createRoute({
  getParentRoute: at,
  path: '/operations/shaping',
  validateSearch: parseShapingSearch,
  component: lazyRouteComponent(() => import('./screens/operations/shaping-screen.tsx'), 'ShapingScreen'),
})
const sourcesRoute = createRoute({
  getParentRoute: at,
  path: '/operations/sources',
  component: lazyRouteComponent(() => import('./screens/operations/sources-screen.tsx'), 'SourcesScreen'),
})
const transportRoute = createRoute({
  getParentRoute: at,
  path: '/operations/transport',
  validateSearch: parseTransportSearch,
  component: lazyRouteComponent(() => import('./screens/operations/transport-screen.tsx'), 'TransportScreen'),
})
const quotasRoute = createRoute({
  getParentRoute: at,
  path: '/operations/quotas',
  validateSearch: parseQuotasSearch,
  component: lazyRouteComponent(() => import('./screens/operations/quotas-screen.tsx'), 'QuotasScreen'),
})

const routeTree = rootRoute.addChildren([
  homeRoute,
  inboxRoute.addChildren([capturedRoute]),
  messagesRoute,
  messageRoute,
  domainsRoute,
  domainRoute,
  sendersRoute,
  templatesRoute,
  templateRoute,
  suppressionsRoute,
  bouncesRoute,
  contactsRoute,
  broadcastsRoute,
  inboundRoute,
  topicsRoute,
  trackingRoute,
  apiKeysRoute,
  smtpRoute,
  webhooksRoute,
  webhookRoute,
  accountRoute,
  membersRoute,
  memberRoute,
  policiesRoute,
  signOnRoute,
  workloadsRoute,
  approvalsRoute,
  alertsRoute,
  auditRoute,
  containmentRoute,
  queueRoute,
  shapingRoute,
  sourcesRoute,
  transportRoute,
  quotasRoute,
])

export function createConsoleRouter() {
  return createRouter({
    routeTree,
    defaultPreload: 'intent',
    defaultPendingComponent: ScreenLoading,
    defaultErrorComponent: ScreenFailure,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
