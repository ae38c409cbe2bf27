import { createPlaces, field, list, rows, text } from './reading.ts'
import { nothing } from './source.ts'
import type { LeftBehind, Source, SourceSuppression, SourceTemplate, SourceWebhook } from './source.ts'
import type { VendorHttp } from './vendor-http.ts'

const REASONS: Readonly<Record<string, SourceSuppression['reason']>> = {
  bounce: 'hard_bounce',
  bounced: 'hard_bounce',
  complaint: 'complaint',
  complained: 'complaint',
  unsubscribe: 'unsubscribe',
}

/** An account at Resend, read through its API. */
export function resendSource(http: VendorHttp): Source {
  const left: LeftBehind[] = []

  async function* pages(path: string): AsyncGenerator {
    const isNew = createPlaces(`GET ${path}`)
    for (let after: string | undefined; ;) {
      const page = await http({ path, query: { limit: 100, after } })
      const data = rows(field(page, 'data'), `GET ${path}`)
      yield* data
      after = text(data.at(-1), 'id')
      if (field(page, 'has_more') !== true || after === undefined) return
      isNew(after)
    }
  }

  async function* templates(): AsyncGenerator<SourceTemplate> {
    for await (const item of pages('/templates')) {
      const id = text(item, 'id')
      if (id === undefined) continue
      const template = await http({ path: `/templates/${encodeURIComponent(id)}` })
      const name = text(template, 'name') ?? id
      yield {
        name,
        reference: text(template, 'alias') ?? id,
        dialect: 'resend',
        subject: text(template, 'subject') ?? '',
        html: text(template, 'html') ?? null,
        text: text(template, 'text') ?? null,
        isPublished: text(template, 'status') === 'published',
      }
    }
  }

  async function* suppressions(): AsyncGenerator<SourceSuppression> {
    for await (const entry of pages('/suppressions')) {
      const email = text(entry, 'email')
      if (email === undefined) continue
      const cause = text(entry, 'reason') ?? text(entry, 'type') ?? text(entry, 'origin') ?? ''
      yield { email, reason: REASONS[cause] ?? 'manual' }
    }
  }

  async function* domains(): AsyncGenerator<string> {
    for await (const domain of pages('/domains')) {
      const name = text(domain, 'name')
      if (name !== undefined) yield name
    }
  }

  async function* webhooks(): AsyncGenerator<SourceWebhook> {
    for await (const hook of pages('/webhooks')) {
      const url = text(hook, 'endpoint') ?? text(hook, 'url')
      if (url === undefined) continue
      if (text(hook, 'status') === 'disabled') {
        left.push({ kind: 'webhook', name: url, why: 'It is switched off.' })
        continue
      }
      yield { url, events: list(field(hook, 'events')).map(String), format: 'resend' }
    }
  }

  return {
    vendor: 'Resend',
    kinds: ['templates', 'suppressions', 'domains', 'webhooks'],
    templates,
    suppressions,
    topics: nothing,
    domains,
    webhooks,
    subaccounts: nothing,
    exemptions: nothing,
    left,
  }
}
