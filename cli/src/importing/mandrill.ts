import { field, flag, list, rows, text } from './reading.ts'
import { nothing } from './source.ts'
import type {
  LeftBehind,
  Source,
  SourceExemption,
  SourceSubaccount,
  SourceSuppression,
  SourceTemplate,
  SourceWebhook,
} from './source.ts'
import type { VendorHttp } from './vendor-http.ts'

const REASONS: Readonly<Record<string, SourceSuppression['reason']>> = {
  'hard-bounce': 'hard_bounce',
  spam: 'complaint',
  unsub: 'unsubscribe',
  custom: 'manual',
}

/** What rejects/list answers at most. */
const REJECTS_SHOWN = 1_000

/** An account at Mandrill, read through its API 1.x. Every call there is a POST with the key in its body. */
export function mandrillSource(http: VendorHttp, key: string): Source {
  const left: LeftBehind[] = []
  const ask = async (call: string, more: object = {}): Promise<unknown> =>
    http({ method: 'POST', path: `/${call}.json`, body: { key, ...more } })

  async function* templates(): AsyncGenerator<SourceTemplate> {
    for (const template of rows(await ask('templates/list'), 'POST /templates/list')) {
      const reference = text(template, 'slug') ?? text(template, 'name')
      if (reference === undefined) continue
      const published = text(template, 'publish_code')
      const html = published ?? text(template, 'code') ?? null
      const plain =
        (published === undefined ? undefined : text(template, 'publish_text')) ?? text(template, 'text')
      yield {
        name: text(template, 'name') ?? reference,
        reference,
        dialect: usesHandlebars(html ?? '') ? 'mandrill-handlebars' : 'merge-tags',
        subject: text(template, 'publish_subject') ?? text(template, 'subject') ?? '',
        html,
        text: plain ?? null,
        ...fromOf(template),
        labels: list(field(template, 'labels')).map(String),
        isPublished: text(template, 'published_at') !== undefined,
      }
    }
  }

  async function* suppressions(): AsyncGenerator<SourceSuppression> {
    let soft = 0
    const rejects = rows(await ask('rejects/list', { include_expired: false }), 'POST /rejects/list')
    for (const entry of rejects) {
      const email = text(entry, 'email')
      const reason = REASONS[text(entry, 'reason') ?? '']
      if (email === undefined || reason === undefined) {
        soft += 1
        continue
      }
      const note = text(entry, 'detail')
      yield { email, reason, ...(note === undefined ? {} : { note: note.slice(0, 1_000) }) }
    }
    if (rejects.length >= REJECTS_SHOWN)
      left.push({
        kind: 'suppression',
        name: `what is older than ${rejects.length} rejects`,
        why: 'Mandrill shows no more at a time: export the whole list there, and bring it over with bulkhead suppressions import.',
      })
    if (soft > 0)
      left.push({
        kind: 'suppression',
        name: `${soft} soft bounces`,
        why: 'They end by themselves within days; Bulkhead judges each new attempt.',
      })
  }

  async function* exemptions(): AsyncGenerator<SourceExemption> {
    for (const entry of rows(await ask('allowlists/list'), 'POST /allowlists/list')) {
      const email = text(entry, 'email')
      const note = text(entry, 'detail')
      if (email !== undefined) yield { email, ...(note === undefined ? {} : { note: note.slice(0, 1_000) }) }
    }
  }

  async function* domains(): AsyncGenerator<string> {
    for (const domain of rows(await ask('senders/domains'), 'POST /senders/domains')) {
      const name = text(domain, 'domain')
      if (name !== undefined) yield name
    }
  }

  async function* webhooks(): AsyncGenerator<SourceWebhook> {
    for (const hook of rows(await ask('webhooks/list'), 'POST /webhooks/list')) {
      const url = text(hook, 'url')
      if (url === undefined) continue
      yield { url, events: list(field(hook, 'events')).map(String), format: 'mandrill' }
    }
  }

  async function* subaccounts(): AsyncGenerator<SourceSubaccount> {
    for (const subaccount of rows(await ask('subaccounts/list'), 'POST /subaccounts/list')) {
      const name = text(subaccount, 'id')
      if (name === undefined) continue
      yield {
        name,
        note: [text(subaccount, 'name'), text(subaccount, 'notes')]
          .filter((part) => part !== undefined)
          .join(': '),
        isPaused: text(subaccount, 'status') === 'paused' || flag(subaccount, 'paused'),
      }
    }
  }

  return {
    vendor: 'Mandrill',
    kinds: ['templates', 'suppressions', 'exemptions', 'domains', 'webhooks', 'subaccounts'],
    templates,
    suppressions,
    exemptions,
    topics: nothing,
    domains,
    webhooks,
    subaccounts,
    left,
  }
}

function fromOf(template: unknown): Pick<SourceTemplate, 'from'> {
  const email = text(template, 'publish_from_email') ?? text(template, 'from_email')
  const name = text(template, 'publish_from_name') ?? text(template, 'from_name')
  return email === undefined ? {} : { from: { email, ...(name === undefined ? {} : { name }) } }
}

/** A template there does not say its language: the message does, and merge tags are the default. */
function usesHandlebars(source: string): boolean {
  return /\{\{[#/]?\s*[\w"'`]/.test(source) && !/\*\|[A-Z]/i.test(source)
}
