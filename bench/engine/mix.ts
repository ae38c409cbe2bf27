import type { Door, GateLimits } from './gate.ts'

/**
 * A mix of destinations as large senders have it: the shares of gmail.com, hotmail.com and yahoo.com are those that KumoMTA's guide to
 * performance tests with; the rest is split among other large providers and a long tail of small domains with a host each. MX names
 * stand under the providers' real suffixes, so that the shipped shaping rules apply.
 */
interface Provider {
  readonly name: string
  readonly domains: Readonly<Record<string, number>>
  readonly hosts: readonly string[]
  /** What its hosts take where the sender goes by the shipped rules: the figures that these rules are made from. */
  readonly published: GateLimits
  /** What they take from a sender they know; the bench's shaping file stays below it. */
  readonly raised: GateLimits
  /** Refusals of single recipients, in the provider's words. None is about reputation: those would stop the workspace there. */
  readonly deferrals: readonly string[]
  readonly tooMany: string
  readonly tooFast: string
}

const raised = (connections: number, perSecond: number, perConnection: number): GateLimits => ({
  connections,
  perSecond,
  perConnection,
})

const PROVIDERS: readonly Provider[] = [
  {
    name: 'google',
    domains: { 'gmail.com': 67.4, 'workspace.test': 3 },
    hosts: ['', 'alt1.', 'alt2.', 'alt3.', 'alt4.'].map((alt) => `${alt}gmail-smtp-in.l.google.com`),
    published: { connections: 5, perSecond: null, perConnection: 50 },
    raised: raised(20, 1000, 100),
    deferrals: [
      '452 4.2.2 The recipient inbox is out of storage space.',
      '451 4.3.0 Mail server temporarily rejected message.',
    ],
    tooMany: '421 4.7.0 Try again later, closing connection.',
    tooFast: '421 4.7.28 Gmail has detected an unusual rate of unsolicited mail.',
  },
  {
    name: 'outlook',
    domains: { 'hotmail.com': 5, 'outlook.com': 3.8 },
    hosts: ['hotmail-com.olc.protection.outlook.com'],
    published: { connections: 5, perSecond: null, perConnection: 50 },
    raised: raised(20, 200, 100),
    deferrals: ['451 4.3.2 Temporary server error. Please try again later ATTR17'],
    tooMany: '421 4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit',
    tooFast: '421 4.7.652 The mail server has exceeded the maximum number of connections.',
  },
  {
    name: 'yahoo',
    domains: { 'yahoo.com': 5.9, 'aol.com': 1.2 },
    hosts: ['mta5.am0.yahoodns.net', 'mta6.am0.yahoodns.net', 'mta7.am0.yahoodns.net'],
    published: { connections: 10, perSecond: null, perConnection: 20 },
    raised: raised(20, 150, 20),
    deferrals: ['451 4.3.2 Internal error reading data', '452 4.2.2 Mailbox over quota'],
    tooMany: '421 4.7.0 Too many messages on this connection; reconnect',
    tooFast: '421 4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume or user complaints',
  },
  {
    name: 'office365',
    domains: { 'contoso.test': 2.2 },
    hosts: ['contoso-test.mail.protection.outlook.com'],
    published: { connections: 5, perSecond: null, perConnection: 50 },
    raised: raised(20, 100, 100),
    deferrals: ['451 4.7.500 Server busy. Please try again later'],
    tooMany: '421 4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit',
    tooFast: '421 4.7.652 The mail server has exceeded the maximum number of connections.',
  },
  {
    name: 'apple',
    domains: { 'icloud.com': 2, 'me.com': 0.4 },
    hosts: ['mx01.mail.icloud.com', 'mx02.mail.icloud.com'],
    published: { connections: 10, perSecond: null, perConnection: 5 },
    raised: raised(20, 100, 20),
    deferrals: ['450 4.2.2 Mailbox full'],
    tooMany: '421 4.7.1 Too many messages on this connection',
    tooFast: '421 4.7.1 Message temporarily deferred',
  },
  {
    name: 'comcast',
    domains: { 'comcast.net': 1.1 },
    hosts: ['mx1a1.comcast.net', 'mx2h1.comcast.net'],
    published: { connections: 25, perSecond: null, perConnection: 1000 },
    raised: raised(25, 100, 1000),
    deferrals: ['452 4.1.1 Requested action not taken: insufficient system storage'],
    tooMany: '421 4.7.0 Too many sessions opened',
    tooFast: '421 4.7.0 Too many messages',
  },
  {
    name: 'gmx',
    domains: { 'gmx.net': 0.5, 'web.de': 0.4 },
    hosts: ['mx00.emig.gmx.net', 'mx01.emig.gmx.net'],
    published: { connections: 5, perSecond: null, perConnection: null },
    raised: raised(10, 100, 100),
    deferrals: ['452 4.2.2 Requested mail action aborted: mailbox full'],
    tooMany: '421 4.7.0 Too many connections',
    tooFast: '421 4.7.0 Too many messages have been received',
  },
  {
    name: 'orange',
    domains: { 'orange.fr': 0.3 },
    hosts: ['smtp-in.orange.fr'],
    published: { connections: 2, perSecond: null, perConnection: 100 },
    raised: raised(10, 100, 100),
    deferrals: ['452 4.2.2 Mailbox full'],
    tooMany: '421 4.7.0 Too many connections, slow down. OFR004_104',
    tooFast: '421 4.7.0 Service refused, please try later. OFR_108',
  },
]

const TAIL = 'tail'
/** Small domains, each with one host of its own. */
const TAIL_DOMAINS = 600
const TAIL_LIMITS: GateLimits = { connections: null, perSecond: null, perConnection: 100 }

export interface Mix {
  /** As `startDnsServer` takes it. */
  readonly zone: Readonly<
    Record<string, ({ type: 'MX'; preference: number; exchange: string } | { type: 'A'; value: string })[]>
  >
  readonly doors: readonly Door[]
  readonly domains: number
  /** The domain of the nth recipient: the same for the same n, spread so that any thousand in a row has the shares of the mix. */
  domainOf(index: number): string
  /** The first host's address of each domain, for servers that cannot be given a DNS server. */
  readonly routes: Readonly<Record<string, { readonly provider: string; readonly address: string }>>
  /** The operator's rules that stay below what the sink takes; null: the shipped ones do. */
  readonly shaping: string | null
}

export interface MixOptions {
  /** By the shipped rules, or as a sender whom the providers know. */
  readonly limits: 'published' | 'raised'
  readonly deferPercent: number
  /** Only for tests: fewer small domains. */
  readonly tail?: number
}

/** The mix with its names, addresses and limits. Each host is a loopback address of its own. */
export function createMix({ limits, deferPercent, tail = TAIL_DOMAINS }: MixOptions): Mix {
  const zone: Record<string, Mix['zone'][string]> = {}
  const routes: Record<string, { provider: string; address: string }> = {}
  const shares: { readonly domain: string; readonly upTo: number }[] = []
  let total = 0
  const share = (domain: string, percent: number): void => {
    total += percent
    shares.push({ domain, upTo: total })
  }
  const doors = PROVIDERS.map((provider, at): Door => {
    const hosts = provider.hosts.map((host, nth) => ({ host, address: `127.25.${at + 1}.${nth + 1}` }))
    for (const { host, address } of hosts) zone[host] = [{ type: 'A', value: address }]
    for (const [domain, percent] of Object.entries(provider.domains)) {
      zone[domain] = hosts.map(({ host }, nth) => ({
        type: 'MX',
        preference: nth === 0 ? 5 : 10 * nth,
        exchange: host,
      }))
      routes[domain] = { provider: provider.name, address: hosts[0]?.address ?? '' }
      share(domain, percent)
    }
    return {
      name: provider.name,
      hosts: hosts.map(({ address }) => address),
      limits: provider[limits],
      deferPercent,
      deferrals: provider.deferrals,
      delayMs: 0,
      tooMany: provider.tooMany,
      tooFast: provider.tooFast,
    }
  })
  const small = Array.from({ length: tail }, (_, nth) => ({
    domain: `small${nth}.test`,
    address: `127.26.${Math.floor(nth / 200)}.${(nth % 200) + 1}`,
  }))
  const rest = 100 - total
  for (const { domain, address } of small) {
    zone[domain] = [{ type: 'MX', preference: 10, exchange: `mx.${domain}` }]
    zone[`mx.${domain}`] = [{ type: 'A', value: address }]
    routes[domain] = { provider: TAIL, address }
    share(domain, rest / tail)
  }
  doors.push({
    name: TAIL,
    hosts: small.map(({ address }) => address),
    limits: TAIL_LIMITS,
    deferPercent,
    deferrals: ['451 4.7.1 Greylisting in action, please come back later', '450 4.2.0 Mailbox busy'],
    delayMs: 0,
    tooMany: '421 4.7.0 Too many messages on this connection',
    tooFast: '421 4.7.0 Too fast',
  })
  return {
    zone,
    doors,
    routes,
    domains: shares.length,
    domainOf: (index) => {
      // Multiples of the golden ratio lie evenly in the unit interval, whatever stretch of them one takes.
      const at = ((index * 0.618_033_988_749_895) % 1) * total
      let [low, high] = [0, shares.length - 1]
      while (low < high) {
        const middle = (low + high) >> 1
        if ((shares[middle]?.upTo ?? total) > at) high = middle
        else low = middle + 1
      }
      return shares[low]?.domain ?? ''
    },
    shaping: limits === 'published' ? null : PROVIDERS.map(rulesOf).join('\n'),
  }
}

/** Four fifths of the rate, all of the connections: a rate within any second is never above what comes in bursts at its edges. */
function rulesOf({ name, raised: limits }: Provider): string {
  const rate = Math.floor((limits.perSecond ?? 0) * 0.8)
  return [
    `[provider.${name}]`,
    `connections = ${limits.connections}`,
    `provider_connections = ${limits.connections}`,
    'connection_rate = "6000/min"',
    `message_rate = "${rate}/s"`,
    `provider_message_rate = "${rate}/s"`,
    `messages_per_connection = ${limits.perConnection}`,
    '',
  ].join('\n')
}
