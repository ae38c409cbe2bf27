import { createPlaces, field, flag, list, rows, text } from './reading.ts'
import { nothing } from './source.ts'
import type {
  LeftBehind,
  Source,
  SourceSuppression,
  SourceTemplate,
  SourceTopic,
  SourceWebhook,
} from './source.ts'
import type { VendorHttp } from './vendor-http.ts'

const PAGE = 500
const TEMPLATES_PAGE = 200

/** Flags of the vendor's event webhook, and the events that they switch on. */
const EVENTS: Readonly<Record<string, string>> = {
  processed: 'processed',
  delivered: 'delivered',
  deferred: 'deferred',
  bounce: 'bounce',
  dropped: 'dropped',
  open: 'open',
  click: 'click',
  spam_report: 'spamreport',
  unsubscribe: 'unsubscribe',
  group_unsubscribe: 'group_unsubscribe',
  group_resubscribe: 'group_resubscribe',
}

const LISTS = [
  { path: '/v3/suppression/bounces', reason: 'hard_bounce' },
  { path: '/v3/suppression/invalid_emails', reason: 'hard_bounce' },
  { path: '/v3/suppression/spam_reports', reason: 'complaint' },
  { path: '/v3/suppression/unsubscribes', reason: 'unsubscribe' },
] as const

/** An account at SendGrid, read through its API v3. */
export function sendgridSource(http: VendorHttp): Source {
  const left: LeftBehind[] = []

  async function* templates(): AsyncGenerator<SourceTemplate> {
    for await (const template of templateList()) {
      const id = text(template, 'id')
      if (id === undefined) continue
      const whole = await http({ path: `/v3/templates/${encodeURIComponent(id)}` })
      const name = text(whole, 'name') ?? id
      const versions = list(field(whole, 'versions'))
      const active = versions.find((version) => field(version, 'active') === 1)
      const chosen = active ?? versions.at(-1)
      if (chosen === undefined) {
        left.push({ kind: 'template', name, why: 'It has no version.' })
        continue
      }
      if (versions.length > 1)
        left.push({ kind: 'template', name, why: `Of its ${versions.length} versions one is brought over.` })
      const version = await wholeVersion(id, chosen)
      yield {
        name,
        reference: id,
        dialect: text(whole, 'generation') === 'dynamic' ? 'sendgrid-handlebars' : 'sendgrid-legacy',
        subject: text(version, 'subject') ?? '',
        html: text(version, 'html_content') ?? null,
        text: text(version, 'plain_content') ?? null,
        ...sampleOf(text(version, 'test_data')),
        isPublished: active !== undefined,
      }
    }
  }

  /** Some answers name the versions of a template without what they say. */
  async function wholeVersion(templateId: string, version: unknown): Promise<unknown> {
    const id = text(version, 'id')
    if (id === undefined || field(version, 'html_content') !== undefined) return version
    return http({
      path: `/v3/templates/${encodeURIComponent(templateId)}/versions/${encodeURIComponent(id)}`,
    })
  }

  async function* templateList(): AsyncGenerator {
    const isNew = createPlaces('GET /v3/templates')
    for (let token: string | undefined; ;) {
      const page = await http({
        path: '/v3/templates',
        query: { generations: 'legacy,dynamic', page_size: TEMPLATES_PAGE, page_token: token },
      })
      yield* rows(field(page, 'result') ?? field(page, 'templates'), 'GET /v3/templates')
      const next = text(field(page, '_metadata'), 'next')
      token = next === undefined ? undefined : (tokenOf(next) ?? undefined)
      if (token === undefined) return
      isNew(token)
    }
  }

  async function* suppressions(): AsyncGenerator<SourceSuppression> {
    for (const { path, reason } of LISTS) {
      for await (const entry of pages(path)) {
        const email = text(entry, 'email')
        if (email === undefined) continue
        const note = text(entry, 'reason')
        yield { email, reason, ...(note === undefined ? {} : { note: note.slice(0, 1_000) }) }
      }
    }
    let blocks = 0
    for await (const _ of pages('/v3/suppression/blocks')) blocks += 1
    if (blocks > 0)
      left.push({
        kind: 'suppression',
        name: `${blocks} blocks`,
        why: 'They were refused once for other reasons than the address, and are mailed at SendGrid too.',
      })
  }

  async function* pages(path: string): AsyncGenerator {
    const isNew = createPlaces(`GET ${path}`)
    for (let offset = 0; ; offset += PAGE) {
      const page = rows(await http({ path, query: { limit: PAGE, offset } }), `GET ${path}`)
      if (page.length === 0) return
      isNew(JSON.stringify([page.at(0), page.at(-1)]))
      yield* page
      if (page.length < PAGE) return
    }
  }

  async function* topics(): AsyncGenerator<SourceTopic> {
    for (const group of rows(await http({ path: '/v3/asm/groups' }), 'GET /v3/asm/groups')) {
      const id = text(group, 'id')
      if (id === undefined) continue
      yield {
        name: text(group, 'name') ?? `Group ${id}`,
        description: text(group, 'description') ?? '',
        isDefault: flag(group, 'is_default'),
        left: groupMembers(id),
      }
    }
  }

  async function* groupMembers(id: string): AsyncGenerator<string> {
    const members = await http({ path: `/v3/asm/groups/${encodeURIComponent(id)}/suppressions` })
    for (const member of rows(members, 'GET /v3/asm/groups/…/suppressions'))
      if (typeof member === 'string') yield member
  }

  async function* domains(): AsyncGenerator<string> {
    const isNew = createPlaces('GET /v3/whitelabel/domains')
    for (let offset = 0; ; offset += 50) {
      const answer = await http({ path: '/v3/whitelabel/domains', query: { limit: 50, offset } })
      const page = rows(answer, 'GET /v3/whitelabel/domains')
      if (page.length === 0) return
      isNew(JSON.stringify([page.at(0), page.at(-1)]))
      for (const domain of page) {
        const name = text(domain, 'domain')
        if (name !== undefined) yield name
      }
      if (page.length < 50) return
    }
  }

  async function* webhooks(): AsyncGenerator<SourceWebhook> {
    const all = await http({ path: '/v3/user/webhooks/event/settings/all' })
    for (const hook of rows(field(all, 'webhooks'), 'GET /v3/user/webhooks/event/settings/all')) {
      const url = text(hook, 'url')
      if (url === undefined) continue
      if (!flag(hook, 'enabled')) {
        left.push({ kind: 'webhook', name: url, why: 'It is switched off.' })
        continue
      }
      yield {
        url,
        events: Object.entries(EVENTS).flatMap(([name, event]) => (flag(hook, name) ? [event] : [])),
        format: 'sendgrid',
        signing: text(hook, 'public_key') !== undefined,
      }
    }
  }

  return {
    vendor: 'SendGrid',
    kinds: ['templates', 'topics', 'suppressions', 'domains', 'webhooks'],
    templates,
    suppressions,
    topics,
    domains,
    webhooks,
    subaccounts: nothing,
    exemptions: nothing,
    left,
  }
}

function tokenOf(next: string): string | null {
  return URL.canParse(next, 'https://api.sendgrid.com')
    ? new URL(next, 'https://api.sendgrid.com').searchParams.get('page_token')
    : null
}

/** The test data that the vendor's editor keeps, where it is an object. */
function sampleOf(json: string | undefined): { sampleData?: Record<string, unknown> } {
  if (json === undefined) return {}
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
    return { sampleData: Object.fromEntries(Object.entries(value)) }
  } catch {
    return {}
  }
}
