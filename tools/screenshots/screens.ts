import type { Page } from 'playwright-core'
import type { Seeded } from './seed.ts'

/** `Known`: what there is to name in its address. */
export interface Screen<Known = Seeded> {
  /** Of the file: `<name>-<theme>-<size>.png`. */
  readonly name: string
  /** With query, as in the address bar. */
  readonly path: string | ((known: Known) => string)
  /** Whose page it is; default the owner of the workspace. `key`: the key of development. */
  readonly who?: 'owner' | 'analyst' | 'operator' | 'nobody' | 'key'
  /** What is pressed or waited for before the picture is taken. */
  readonly prepare?: (page: Page) => Promise<void>
}

/** What a newcomer has. */
export interface Newcomer {
  /** Path and fragment of the link that the start printed. */
  readonly firstRun: string
}

/** What a newcomer sees, before there is an owner and any mail. */
export const FIRST_SCREENS: readonly Screen<Newcomer>[] = [
  { name: 'first-run', path: ({ firstRun }) => firstRun, who: 'nobody' },
  {
    name: 'first-run-password',
    path: ({ firstRun }) => firstRun,
    who: 'nobody',
    prepare: async (page) => {
      await page.getByRole('radio', { name: /A password and an authenticator app/ }).check()
      await page.getByRole('button', { name: 'Continue' }).scrollIntoViewIfNeeded()
    },
  },
  { name: 'first-sign-in', path: '/', who: 'nobody' },
  { name: 'first-home', path: '/', who: 'key' },
  { name: 'first-inbox', path: '/inbox', who: 'key' },
  {
    name: 'first-mail',
    path: '/',
    who: 'key',
    prepare: async (page) => {
      const another = page.getByRole('button', { name: 'Send another' })
      if ((await another.count()) === 0)
        await page
          .getByRole('region', { name: 'First steps' })
          .getByRole('button', { name: 'Send the first mail', exact: true })
          .last()
          .click()
      await page.getByTestId('live-story').getByText('Delivered', { exact: true }).waitFor()
    },
  },
]

/** Every screen that is photographed with a history, in the order in which one walks through the console. Add a line for yours. */
export const SCREENS: readonly Screen[] = [
  { name: 'sign-in', path: '/', who: 'nobody' },
  { name: 'sign-up', path: '/sign-up', who: 'nobody' },
  { name: 'home', path: '/' },
  { name: 'home-hour', path: '/?period=1h' },
  { name: 'messages', path: '/messages' },
  { name: 'messages-bounced', path: '/messages?state=bounced' },
  { name: 'message-delivered', path: (seeded) => `/messages/${seeded.delivered}` },
  { name: 'message-bounced', path: (seeded) => `/messages/${seeded.bounced}` },
  { name: 'message-content', path: (seeded) => `/messages/${seeded.delivered}?tab=content` },
  { name: 'message-webhooks', path: (seeded) => `/messages/${seeded.bounced}?tab=webhooks` },
  { name: 'message-json', path: (seeded) => `/messages/${seeded.delivered}?tab=json` },
  { name: 'message-deferred', path: (seeded) => `/messages/${seeded.deferred}` },
  { name: 'message-sensitive', path: (seeded) => `/messages/${seeded.sensitive}` },
  { name: 'inbox', path: '/inbox' },
  {
    name: 'inbox-mail',
    path: '/inbox',
    prepare: async (page) => {
      await page
        .getByRole('link', { name: /Order 4711/ })
        .first()
        .click()
      await page.frameLocator('iframe[title="HTML of the mail"]').locator('h1').waitFor()
    },
  },
  { name: 'domains', path: '/domains' },
  { name: 'domain', path: (seeded) => `/domains/${seeded.domain}` },
  { name: 'senders', path: '/senders' },
  { name: 'templates', path: '/templates' },
  { name: 'template', path: (seeded) => `/templates/${seeded.template}` },
  { name: 'broadcasts', path: '/broadcasts' },
  { name: 'broadcast', path: (seeded) => `/broadcasts?id=${seeded.broadcast}` },
  { name: 'contacts', path: '/contacts' },
  { name: 'lists', path: '/contacts?view=lists' },
  { name: 'list', path: (seeded) => `/contacts?list=${seeded.list}` },
  { name: 'topics', path: '/topics' },
  { name: 'topic', path: (seeded) => `/topics?id=${seeded.topic}` },
  { name: 'suppressions', path: '/suppressions' },
  { name: 'suppressions-import', path: '/suppressions?view=import' },
  { name: 'suppressions-explained', path: '/suppressions?email=typo%40exmaple.com' },
  { name: 'bounces', path: '/bounces' },
  { name: 'tracking', path: '/tracking' },
  { name: 'api-keys', path: '/api-keys' },
  { name: 'api-key-new', path: '/api-keys?view=new' },
  { name: 'api-key-door', path: (seeded) => `/api-keys?id=${seeded.doorKey}` },
  { name: 'smtp-credentials', path: '/smtp-credentials' },
  { name: 'webhooks', path: '/webhooks' },
  { name: 'webhook-new', path: '/webhooks?view=new' },
  { name: 'webhook', path: (seeded) => `/webhooks/${seeded.webhook}` },
  { name: 'inbound', path: '/inbound' },
  { name: 'inbound-route', path: (seeded) => `/inbound?id=${seeded.route}` },
  { name: 'security-account', path: '/security/account' },
  { name: 'security-members', path: '/security/members' },
  {
    name: 'security-invite',
    path: '/security/members',
    prepare: (page) => page.getByRole('button', { name: 'Invite somebody' }).click(),
  },
  { name: 'security-member', path: (seeded) => `/security/members/${seeded.member}` },
  { name: 'security-policies', path: '/security/policies' },
  {
    name: 'security-policy-effect',
    path: '/security/policies',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Change: networks' }).click()
      await page.getByLabel('Networks, one on each line').fill('203.0.113.0/24')
      await page.getByText('You would lock yourself out').waitFor()
    },
  },
  { name: 'security-sign-on', path: '/security/sign-on' },
  { name: 'security-workloads', path: '/security/workloads' },
  {
    name: 'security-workload-new',
    path: '/security/workloads',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Connect a workload' }).click()
      await page.getByLabel('Repository').fill('example/shop')
    },
  },
  { name: 'security-approvals', path: '/security/approvals' },
  { name: 'security-alerts', path: '/security/alerts' },
  { name: 'audit', path: '/security/audit' },
  { name: 'containment', path: '/security/containment' },
  { name: 'queue', path: '/operations/queue' },
  { name: 'shaping', path: '/operations/shaping' },
  { name: 'sources', path: '/operations/sources', who: 'operator' },
  { name: 'transport', path: '/operations/transport' },
  { name: 'quotas', path: '/operations/quotas' },
  { name: 'operator-home', path: '/', who: 'operator' },
  { name: 'operator-quarantine', path: '/bounces', who: 'operator' },
  { name: 'operator-alerts', path: '/security/alerts', who: 'operator' },
  { name: 'operator-queue', path: '/operations/queue', who: 'operator' },
  { name: 'no-permission', path: '/api-keys', who: 'analyst' },
]
