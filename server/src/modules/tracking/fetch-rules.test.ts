import { describe, expect, it } from 'vitest'
import { FETCH_RULES, judgeFetch } from './fetch-rules.ts'
import type { FetchFacts, Fetcher } from './fetch-rules.ts'

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'
const APPLE_MAIL = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const GMAIL = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)'

const click = (over: Partial<FetchFacts> = {}): FetchFacts => ({
  kind: 'click',
  method: 'GET',
  userAgent: CHROME,
  purpose: '',
  secondsAfterDelivery: 600,
  linksAtOnce: 1,
  links: 6,
  openBefore: true,
  ...over,
})
const open = (over: Partial<FetchFacts> = {}): FetchFacts =>
  click({ kind: 'open', linksAtOnce: 0, links: 0, openBefore: null, ...over })

const CASES: readonly (readonly [string, FetchFacts, Fetcher, string | null])[] = [
  ['Chrome, ten minutes later', click(), 'person', 'browser'],
  ['Safari on a phone', click({ userAgent: IPHONE }), 'person', 'browser'],
  ['Firefox', click({ userAgent: FIREFOX }), 'person', 'browser'],
  ['Edge', click({ userAgent: `${CHROME} Edg/139.0.0.0` }), 'person', 'browser'],
  [
    'Samsung’s browser',
    click({
      userAgent:
        'Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
    }),
    'person',
    'browser',
  ],
  ['a click days later', click({ secondsAfterDelivery: 300_000 }), 'person', 'browser'],
  ['a click of mail whose delivery is not known', click({ secondsAfterDelivery: null }), 'person', 'browser'],
  ['a click with pictures blocked, so without an open', click({ openBefore: false }), 'person', 'browser'],
  ['a quick reader, eight seconds, opened before', click({ secondsAfterDelivery: 8 }), 'person', 'browser'],
  ['two tabs opened at once', click({ linksAtOnce: 2 }), 'person', 'browser'],
  ['the only link of a message', click({ links: 1 }), 'person', 'browser'],
  ['both of two links', click({ links: 2, linksAtOnce: 2 }), 'person', 'browser'],
  ['HEAD', click({ method: 'HEAD' }), 'scanner', 'head'],
  ['HEAD of a picture', open({ method: 'HEAD' }), 'scanner', 'head'],
  ['prefetch by Chrome', click({ purpose: 'prefetch' }), 'proxy', 'prefetch'],
  ['prerender by Chrome', click({ purpose: 'prefetch;prerender' }), 'proxy', 'prefetch'],
  ['preview by Safari', click({ userAgent: IPHONE, purpose: 'preview' }), 'proxy', 'prefetch'],
  ['Gmail’s proxy', open({ userAgent: GMAIL }), 'proxy', 'gmail-proxy'],
  ['Gmail’s proxy at delivery', open({ userAgent: GMAIL, secondsAfterDelivery: 1 }), 'proxy', 'gmail-proxy'],
  [
    'Yahoo’s proxy',
    open({ userAgent: 'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html' }),
    'proxy',
    'yahoo-proxy',
  ],
  ['Apple’s privacy protection', open({ userAgent: 'Mozilla/5.0' }), 'proxy', 'apple-mpp'],
  ['Proton’s proxy', open({ userAgent: 'ProtonMail' }), 'proxy', 'mail-proxy'],
  [
    'Barracuda',
    click({ userAgent: 'BarracudaCentral/1.0 (+http://www.barracudacentral.org)' }),
    'scanner',
    'gateway',
  ],
  ['Proofpoint', click({ userAgent: `${CHROME} Proofpoint/1` }), 'scanner', 'gateway'],
  ['Mimecast', click({ userAgent: 'Mimecast URL Protect' }), 'scanner', 'gateway'],
  ['Trend Micro', click({ userAgent: 'TMES/1.0' }), 'scanner', 'gateway'],
  [
    'Bing’s preview of links in Outlook',
    click({ userAgent: `${CHROME} BingPreview/1.0b` }),
    'scanner',
    'gateway',
  ],
  [
    'Slack',
    click({ userAgent: 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)' }),
    'scanner',
    'link-preview',
  ],
  ['WhatsApp', click({ userAgent: 'WhatsApp/2.23.20.0' }), 'scanner', 'link-preview'],
  [
    'Facebook',
    click({ userAgent: 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)' }),
    'scanner',
    'link-preview',
  ],
  [
    'Googlebot',
    click({ userAgent: 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }),
    'scanner',
    'robot',
  ],
  ['curl', click({ userAgent: 'curl/8.9.1' }), 'scanner', 'robot'],
  ['Python', click({ userAgent: 'python-requests/2.32.3' }), 'scanner', 'robot'],
  ['Go', click({ userAgent: 'Go-http-client/2.0' }), 'scanner', 'robot'],
  [
    'a headless browser',
    click({ userAgent: CHROME.replace('Chrome/', 'HeadlessChrome/') }),
    'scanner',
    'robot',
  ],
  ['all six links in one go', click({ linksAtOnce: 6 }), 'scanner', 'all-links'],
  ['three of six', click({ linksAtOnce: 3 }), 'scanner', 'all-links'],
  ['three of twenty', click({ links: 20, linksAtOnce: 3 }), 'person', 'browser'],
  ['a link before the message was taken', click({ secondsAfterDelivery: -2 }), 'scanner', 'before-delivery'],
  [
    'a picture before the message was taken',
    open({ secondsAfterDelivery: -30 }),
    'scanner',
    'before-delivery',
  ],
  ['a click one second after delivery', click({ secondsAfterDelivery: 1 }), 'scanner', 'at-once'],
  [
    'a click that seems 0.3 s too early, by another clock',
    click({ secondsAfterDelivery: -0.3 }),
    'scanner',
    'at-once',
  ],
  ['soon, and without an open', click({ secondsAfterDelivery: 8, openBefore: false }), 'scanner', 'soon'],
  ['two links, without an open', click({ linksAtOnce: 2, openBefore: false }), 'scanner', 'two-links'],
  [
    'an old browser, soon',
    click({
      userAgent:
        'Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36',
      secondsAfterDelivery: 9,
    }),
    'scanner',
    'old-browser',
  ],
  [
    'an old browser, later',
    click({ userAgent: 'Mozilla/5.0 (Windows NT 6.1; WOW64; rv:40.0) Gecko/20100101 Firefox/40.0' }),
    'person',
    'browser',
  ],
  ['no user agent, without an open', click({ userAgent: '', openBefore: false }), 'scanner', 'no-agent'],
  ['no user agent', click({ userAgent: '' }), 'unknown', 'no-agent'],
  ['a name that nobody knows', click({ userAgent: 'Whatever/3' }), 'unknown', null],
  ['a bare Mozilla/5.0 that clicks', click({ userAgent: 'Mozilla/5.0' }), 'unknown', null],
  ['Apple Mail without privacy protection', open({ userAgent: APPLE_MAIL }), 'person', 'mail-program'],
  [
    'Thunderbird',
    open({ userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.3.0' }),
    'person',
    'mail-program',
  ],
  [
    'Outlook for Windows',
    open({
      userAgent:
        'Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.17928; Microsoft Outlook 16.0.17928; ms-office; MSOffice 16)',
    }),
    'person',
    'mail-program',
  ],
  ['webmail in a browser', open({ userAgent: CHROME, secondsAfterDelivery: 900 }), 'person', 'browser'],
  [
    'a picture at delivery, by what calls itself a browser',
    open({ secondsAfterDelivery: 1 }),
    'proxy',
    'opened-at-once',
  ],
  [
    'Thunderbird that was just looking',
    open({
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.3.0',
      secondsAfterDelivery: 2,
    }),
    'person',
    'mail-program',
  ],
]

describe('who fetched', () => {
  it.each(CASES)('%s', (_name, facts, by, because) => {
    const verdict = judgeFetch(facts)
    expect(verdict.by).toBe(by)
    if (because !== null) expect(verdict.because).toContain(because)
  })

  it('is judged by rules that each say why, and of which each decides something', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(40)
    expect(new Set(FETCH_RULES.map((rule) => rule.id)).size).toBe(FETCH_RULES.length)
    for (const rule of FETCH_RULES) expect(rule.why.length, rule.id).toBeGreaterThan(30)
    const used = new Set(CASES.flatMap(([, facts]) => judgeFetch(facts).because))
    expect(FETCH_RULES.map((rule) => rule.id).filter((id) => !used.has(id))).toEqual([])
  })

  it('takes no time to speak of, whatever the user agent is', () => {
    for (const userAgent of [
      'bot',
      'a'.repeat(300),
      '('.repeat(300),
      `Mozilla/5.0 (${'x'.repeat(280)}`,
      'bot bot '.repeat(37),
    ]) {
      const started = performance.now()
      for (let time = 0; time < 100; time += 1) judgeFetch(click({ userAgent }))
      expect(performance.now() - started, userAgent.slice(0, 10)).toBeLessThan(500)
    }
  })
})
