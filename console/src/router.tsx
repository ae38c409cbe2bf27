import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { HomeScreen } from './screens/home/home-screen.tsx'
import { parseInboxSearch } from './screens/inbox/inbox-search.ts'
import { InboxScreen } from './screens/inbox/inbox-screen.tsx'
import { parseMessagesSearch } from './screens/messages/messages-search.ts'
import { MessageScreen } from './screens/messages/message-screen.tsx'
import { MessagesScreen } from './screens/messages/messages-screen.tsx'
import { AccountScreen } from './screens/security/account-screen.tsx'
import { AlertsScreen } from './screens/security/alerts-screen.tsx'
import { MembersScreen } from './screens/security/members-screen.tsx'
import { Layout } from './shell/layout.tsx'
import { NotFound } from './shell/not-found.tsx'

/** The console's addresses. Filters and tabs live in the query, so that a link shows what its sender saw. */
const rootRoute = createRootRoute({ component: Layout, notFoundComponent: NotFound })
const homeRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: HomeScreen })
const inboxRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/inbox',
  validateSearch: parseInboxSearch,
  component: InboxScreen,
})
/** The list stays while mails are read beside it: the screen is the parent's and looks at `capturedId`. */
const capturedRoute = createRoute({ getParentRoute: () => inboxRoute, path: '$capturedId' })
const messagesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/messages',
  validateSearch: parseMessagesSearch,
  component: MessagesScreen,
})
const messageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/messages/$messageId',
  component: MessageScreen,
})

const accountRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/security/account',
  component: AccountScreen,
})
const membersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/security/members',
  component: MembersScreen,
})
const alertsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/security/alerts',
  component: AlertsScreen,
})

const routeTree = rootRoute.addChildren([
  homeRoute,
  inboxRoute.addChildren([capturedRoute]),
  messagesRoute,
  messageRoute,
  accountRoute,
  membersRoute,
  alertsRoute,
])

export function createConsoleRouter() {
  return createRouter({ routeTree, defaultPreload: false, scrollRestoration: true })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
