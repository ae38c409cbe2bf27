/** Who fetched: somebody who reads mail; a server that fetches for readers, whether they look or not; a machine that looks for harm. */
export const FETCHERS = ['person', 'proxy', 'scanner', 'unknown'] as const
export type Fetcher = (typeof FETCHERS)[number]

/** What is known of one fetch of a picture or link when it is judged, some seconds after it was answered. */
export interface FetchFacts {
  readonly kind: 'open' | 'click'
  readonly method: string
  readonly userAgent: string
  /** Values of `sec-purpose`, `purpose`, `x-purpose` and `x-moz`, lower case. */
  readonly purpose: string
  /** Seconds after the other side took the message; null: it is not known to have been delivered. */
  readonly secondsAfterDelivery: number | null
  /** Different links of the message that were fetched within some seconds of this one, this one included. */
  readonly linksAtOnce: number
  /** Links of the message that are tracked. */
  readonly links: number
  /** Whether opens of this message are tracked and one came before, or together with this. */
  readonly openBefore: boolean | null
}

/**
 * One reason to say who fetched. `sure` settles it; the others need a second one that says the same, because each of them alone is also
 * what some people do.
 */
export interface FetchRule {
  readonly id: string
  readonly by: Exclude<Fetcher, 'unknown'>
  readonly sure: boolean
  /** Why this tells, for docs/tracking.md and for whoever asks. */
  readonly why: string
  readonly holds: (facts: FetchFacts) => boolean
}

const agent = (pattern: RegExp) => (facts: FetchFacts) => pattern.test(facts.userAgent)

/** The rules, in the order in which they are asked. Names of products stand in user agents that they send themselves. */
export const FETCH_RULES: readonly FetchRule[] = [
  {
    id: 'head',
    by: 'scanner',
    sure: true,
    why: 'Browsers and mail programs fetch with GET; HEAD asks where a link leads without going there.',
    holds: (facts) => facts.method !== 'GET',
  },
  {
    id: 'prefetch',
    by: 'proxy',
    sure: true,
    why: 'The request says that it is made ahead of time (Sec-Purpose: prefetch); nobody has looked yet.',
    holds: (facts) => /prefetch|prerender|preview/.test(facts.purpose),
  },
  {
    id: 'gmail-proxy',
    by: 'proxy',
    sure: true,
    why: 'Gmail fetches pictures through GoogleImageProxy, mostly when the message is opened, and again for its own ends.',
    holds: agent(/GoogleImageProxy|ggpht\.com/i),
  },
  {
    id: 'yahoo-proxy',
    by: 'proxy',
    sure: true,
    why: 'Yahoo and AOL fetch pictures through YahooMailProxy.',
    holds: agent(/YahooMailProxy|YahooCacheSystem/i),
  },
  {
    id: 'apple-mpp',
    by: 'proxy',
    sure: true,
    why: 'Apple Mail with Privacy Protection has all pictures fetched by a proxy that calls itself Mozilla/5.0 and nothing else, read or not.',
    holds: (facts) => facts.kind === 'open' && facts.userAgent.trim() === 'Mozilla/5.0',
  },
  {
    id: 'mail-proxy',
    by: 'proxy',
    sure: true,
    why: 'Image proxies of other mailbox providers name themselves.',
    holds: agent(
      /DuckDuckGo-Favicons|ProtonMail|MailRuProxy|mail\.ru image|QQMail|NetEaseMail|SeznamEmailProxy|FastmailImageProxy|HeyImageProxy|EdgePrefetch/i,
    ),
  },
  {
    id: 'gateway',
    by: 'scanner',
    sure: true,
    why: 'Mail security products fetch every link and picture, and these name themselves.',
    holds: agent(
      /barracuda|proofpoint|mimecast|ironport|cisco.{0,3}(?:secure|email|talos)|fireeye|trellix|fortimail|fortinet|forticlient|sophos|symantec|messagelabs|trend ?micro|\bTMES\b|kaspersky|bitdefender|avast|mcafee|webroot|forcepoint|zscaler|checkpoint|harmony email|avanan|hornetsecurity|vade ?secure|spamtitan|mailguard|libraesva|safelinks|BingPreview|SkypeUriPreview|urlscan|virustotal|phishtank|netcraft|cloudmark|greathorn|abnormalsecurity|intermedia|cyren|clearswift|retarus/i,
    ),
  },
  {
    id: 'link-preview',
    by: 'scanner',
    sure: true,
    why: 'Chat programs fetch a link that somebody pasted to show what is there; nobody clicked.',
    holds: agent(
      /Slackbot|Slack-ImgProxy|Twitterbot|facebookexternal(?:hit|ua)|LinkedInBot|TelegramBot|WhatsApp\/|Discordbot|SkypeUriPreview|MicrosoftPreview|Iframely|redditbot|Snap URL Preview/i,
    ),
  },
  {
    id: 'robot',
    by: 'scanner',
    sure: true,
    why: 'The user agent says that it is a robot, a library or a headless browser.',
    holds: agent(
      /\b\w*(?:bot|crawler|spider|scanner)\b|HeadlessChrome|PhantomJS|Puppeteer|Playwright|Selenium|^(?:curl|wget|python|java|go-http|okhttp|axios|node|ruby|perl|libwww|lwp|apache-httpclient|jetty|aiohttp|httpx|got|undici|php|guzzle)\b|python-requests|Go-http-client|lua-resty/i,
    ),
  },
  {
    id: 'all-links',
    by: 'scanner',
    sure: true,
    why: 'Three or more links of a message, or half of many, within seconds: nobody reads so fast.',
    holds: (facts) => facts.kind === 'click' && facts.linksAtOnce >= Math.max(3, Math.ceil(facts.links / 2)),
  },
  {
    id: 'before-delivery',
    by: 'scanner',
    sure: true,
    why: 'The receiving server had not yet said that it took the message: what checks it on the way in was there first.',
    holds: (facts) => facts.secondsAfterDelivery !== null && facts.secondsAfterDelivery < -CLOCK_SECONDS,
  },
  {
    id: 'at-once',
    by: 'scanner',
    sure: true,
    why: 'A click within two seconds of delivery: the message was hardly in the mailbox.',
    holds: (facts) => facts.kind === 'click' && within(facts, 2),
  },
  {
    id: 'soon',
    by: 'scanner',
    sure: false,
    why: 'A click within ten seconds of delivery is rare among people, and common among gateways.',
    holds: (facts) => facts.kind === 'click' && within(facts, 10),
  },
  {
    id: 'opened-at-once',
    by: 'proxy',
    sure: false,
    why: 'A picture within three seconds of delivery is mostly fetched by the mailbox itself.',
    holds: (facts) => facts.kind === 'open' && within(facts, 3),
  },
  {
    id: 'no-open',
    by: 'scanner',
    sure: false,
    why: 'A click with no open before it: mail programs that block pictures do that too, so it counts only beside another sign.',
    holds: (facts) => facts.kind === 'click' && facts.openBefore === false,
  },
  {
    id: 'two-links',
    by: 'scanner',
    sure: false,
    why: 'Two links within seconds: a person who opens tabs does that too.',
    holds: (facts) => facts.kind === 'click' && facts.links > 2 && facts.linksAtOnce === 2,
  },
  {
    id: 'no-agent',
    by: 'scanner',
    sure: false,
    why: 'No user agent: every browser sends one.',
    holds: (facts) => facts.userAgent.trim() === '',
  },
  {
    id: 'old-browser',
    by: 'scanner',
    sure: false,
    why: 'A browser that is ten years old (Chrome before 50, Firefox before 45, Internet Explorer): gateways pretend to be these.',
    holds: agent(/Chrome\/(?:[1-9]|[1-4]\d)\.|Firefox\/(?:[1-9]|[1-3]\d|4[0-4])\.|MSIE [1-9]/),
  },
  {
    id: 'mail-program',
    by: 'person',
    sure: true,
    why: 'Mail programs on a person’s own device fetch pictures when the message is shown.',
    holds: (facts) =>
      facts.kind === 'open' &&
      /Thunderbird\/|Microsoft Outlook|Outlook-(?:iOS|Android)|MSOffice|Microsoft Office\/|Mail\/\d|eM ?Client|Mailspring|K-9 Mail|AppleWebKit.*\(KHTML, like Gecko\)$/i.test(
        facts.userAgent,
      ),
  },
  {
    id: 'browser',
    by: 'person',
    sure: true,
    why: 'A browser as people use it, and nothing that speaks against it.',
    holds: agent(
      /^Mozilla\/5\.0 \([^)]{4,}\).*(?:Chrome\/|CriOS\/|Firefox\/|FxiOS\/|Safari\/|Edg(?:e|A|iOS)?\/|OPR\/|SamsungBrowser\/|AppleWebKit\/)/,
    ),
  },
]

export interface FetchVerdict {
  readonly by: Fetcher
  /** Ids of the rules that led there. */
  readonly because: readonly string[]
}

/**
 * Who fetched, and why that is thought. One sure sign of a machine decides, the first in the order of the rules; two signs that are not sure
 * decide too. A browser is a person where no more than one such sign speaks against it. Pure.
 */
export function judgeFetch(facts: FetchFacts): FetchVerdict {
  const found = FETCH_RULES.filter((rule) => rule.holds(facts))
  const machine = found.find((rule) => rule.sure && rule.by !== 'person')
  if (machine !== undefined) {
    const same = found.filter((rule) => rule.by === machine.by)
    return { by: machine.by, because: same.map((rule) => rule.id) }
  }
  const signs = found.filter((rule) => rule.by !== 'person')
  const scanner = signs.filter((rule) => rule.by === 'scanner')
  if (scanner.length >= 2) return { by: 'scanner', because: scanner.map((rule) => rule.id) }
  const person = found.filter((rule) => rule.by === 'person')
  const proxy = signs.filter((rule) => rule.by === 'proxy')
  if (proxy.length > 0 && person.every((rule) => rule.id !== 'mail-program'))
    return { by: 'proxy', because: proxy.map((rule) => rule.id) }
  if (person.length > 0) return { by: 'person', because: person.map((rule) => rule.id) }
  return { by: 'unknown', because: signs.map((rule) => rule.id) }
}

/** Half a second of difference between the clocks of two hosts counts for nothing. */
const CLOCK_SECONDS = 0.5

function within(facts: FetchFacts, seconds: number): boolean {
  const after = facts.secondsAfterDelivery
  return after !== null && after >= -CLOCK_SECONDS && after <= seconds
}
