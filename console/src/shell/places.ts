import type { ComponentType } from 'react'
import type { LinkProps } from '@tanstack/react-router'
import type { Access } from '../session/access.ts'
import {
  AlertIcon,
  BanIcon,
  BellIcon,
  BounceIcon,
  BroadcastIcon,
  BuildingIcon,
  ChartIcon,
  ClockIcon,
  CodeIcon,
  ContactsIcon,
  GaugeIcon,
  GlobeIcon,
  HomeIcon,
  HookIcon,
  InboundIcon,
  InboxIcon,
  KeyIcon,
  LinkIcon,
  ListIcon,
  LockIcon,
  MessagesIcon,
  PeopleIcon,
  PersonIcon,
  PlugIcon,
  ShieldIcon,
  StampIcon,
  TemplateIcon,
  TopicIcon,
} from '../ui/icons.tsx'

/** A page that the navigation and the palette offer. */
export interface Place {
  readonly to: NonNullable<LinkProps['to']>
  readonly label: string
  /** Other words by which people look for it. */
  readonly words: string
  readonly icon: ComponentType<{ readonly className?: string }>
  /** One of these scopes opens it; none: it is everybody's. */
  readonly scopes: readonly string[]
  /** For whom: people with an account, the operator's key, or members and keys of a workspace. */
  readonly whose: 'workspace' | 'person' | 'operator' | 'both'
}

export interface PlaceGroup {
  readonly title: string | null
  readonly places: readonly Place[]
}

const place = (
  to: Place['to'],
  label: string,
  icon: Place['icon'],
  scopes: readonly string[],
  words = '',
  whose: Place['whose'] = 'workspace',
): Place => ({ to, label, words, icon, scopes, whose })

export const PLACES: readonly PlaceGroup[] = [
  {
    title: null,
    places: [
      place('/', 'Home', HomeIcon, [], 'dashboard overview health statistics', 'both'),
      place('/inbox', 'Inbox', InboxIcon, ['inbox:read'], 'captured development mail'),
      place('/messages', 'Messages', MessagesIcon, ['messages:read'], 'search log activity timeline'),
    ],
  },
  {
    title: 'Sending',
    places: [
      place('/domains', 'Domains', GlobeIcon, ['domains:read'], 'dns dkim spf dmarc records'),
      place('/senders', 'Senders', StampIcon, ['senders:read'], 'from address identity'),
      place('/templates', 'Templates', TemplateIcon, ['templates:read'], 'liquid editor preview version'),
      place('/broadcasts', 'Broadcasts', BroadcastIcon, ['broadcasts:read'], 'newsletter campaign marketing'),
      place('/contacts', 'Contacts', ContactsIcon, ['contacts:read'], 'people lists audience subscribers'),
      place(
        '/suppressions',
        'Suppressions',
        BanIcon,
        ['suppressions:read'],
        'block unsubscribe import export',
      ),
      place('/topics', 'Topics', TopicIcon, ['suppressions:read'], 'unsubscribe groups asm left preferences'),
      place('/bounces', 'Bounces', BounceIcon, ['messages:read', 'quarantine:read'], 'complaint dsn', 'both'),
      place('/tracking', 'Tracking', LinkIcon, ['domains:read'], 'opens clicks links unsubscribe'),
    ],
  },
  {
    title: 'Developers',
    places: [
      place('/api-keys', 'API keys', KeyIcon, ['api-keys:read'], 'token secret curl sdk'),
      place(
        '/smtp-credentials',
        'SMTP',
        CodeIcon,
        ['smtp-credentials:read'],
        'credentials password nodemailer',
      ),
      place('/webhooks', 'Webhooks', HookIcon, ['webhooks:read'], 'deliveries replay events'),
      place('/inbound', 'Inbound routes', InboundIcon, ['webhooks:read'], 'parse receive mx host name'),
    ],
  },
  {
    title: 'Security',
    places: [
      place('/security/members', 'Members', PeopleIcon, ['members:read'], 'people roles invite sessions'),
      place(
        '/security/policies',
        'Policies',
        ShieldIcon,
        ['policies:read'],
        'allowlist network second factor',
      ),
      place(
        '/security/sign-on',
        'Sign-on',
        BuildingIcon,
        ['policies:read'],
        'sso oidc saml identity provider',
      ),
      place(
        '/security/workloads',
        'Workloads',
        PlugIcon,
        ['federation:read'],
        'federation github actions oidc ci',
      ),
      place('/security/approvals', 'Approvals', ClockIcon, ['members:read'], 'changes waiting recovery'),
      place(
        '/security/alerts',
        'Alerts',
        BellIcon,
        ['alerts:read', 'installation-alerts:read'],
        'alarm',
        'both',
      ),
      place(
        '/security/containment',
        'Containment',
        LockIcon,
        ['containments:read'],
        'contain lift freeze stop',
      ),
      place(
        '/security/audit',
        'Audit log',
        ListIcon,
        ['audit:read', 'installation-audit:read'],
        'proof history',
        'both',
      ),
    ],
  },
  {
    title: 'Operations',
    places: [
      place(
        '/operations/queue',
        'Queue',
        GaugeIcon,
        ['messages:read', 'queue:read'],
        'pause hold release ledger jobs',
        'both',
      ),
      place(
        '/operations/shaping',
        'Shaping',
        ChartIcon,
        ['shaping:read'],
        'limits rates provider overlay',
        'operator',
      ),
      place(
        '/operations/sources',
        'Sources',
        GlobeIcon,
        ['sources:read'],
        'ip pool warm-up address',
        'operator',
      ),
      place(
        '/operations/transport',
        'Transport',
        ShieldIcon,
        ['domains:read', 'workspaces:read'],
        'tls dane mta-sts reports',
        'both',
      ),
      place(
        '/operations/quotas',
        'Quotas',
        AlertIcon,
        ['messages:read', 'workspaces:read'],
        'limit rate',
        'both',
      ),
    ],
  },
]

export const ACCOUNT_PLACE: Place = place(
  '/security/account',
  'Your account',
  PersonIcon,
  [],
  'passkey password factor sessions',
  'person',
)

/** The places that somebody has a use for, by kind and scopes. Somebody who opens another by its address is told why it stays shut. */
export function placesFor(access: Pick<Access, 'kind' | 'can'>): readonly PlaceGroup[] {
  return PLACES.map((group) => ({
    ...group,
    places: group.places.filter((item) => isFor(item, access)),
  })).filter(({ places }) => places.length > 0)
}

function isFor({ whose, scopes }: Place, { kind, can }: Pick<Access, 'kind' | 'can'>): boolean {
  if (kind === 'operator' && whose !== 'operator' && whose !== 'both') return false
  if (kind !== 'operator' && whose === 'operator') return false
  return scopes.length === 0 || scopes.some(can)
}
