import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resendDoor } from '../../src/surfaces/compat/resend/door.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { resendWorld } from './resend-world.ts'
import type { ResendWorld } from './resend-world.ts'

let api: ApiFixture
let world: ResendWorld
beforeAll(async () => {
  api = await startApi()
  world = await resendWorld(api)
})
afterAll(() => api[Symbol.asyncDispose]())

const NOBODY = '00000000-0000-7000-8000-000000000000'
const DEEP = `${'['.repeat(5_000)}${']'.repeat(5_000)}`

/** What fields are not. */
const ODD_VALUES: readonly unknown[] = [
  null,
  0,
  -1,
  true,
  '',
  ' ',
  'x'.repeat(3_000),
  [],
  [null],
  [[]],
  {},
  { id: {} },
  [{}],
  '\u0000',
  '\ud800',
  '{{{',
  '🙂',
]
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  emails: [
    'from',
    'to',
    'cc',
    'reply_to',
    'subject',
    'html',
    'text',
    'headers',
    'tags',
    'attachments',
    'scheduled_at',
    'template',
    'topic_id',
  ],
  domains: ['name', 'region', 'tls', 'tracking_subdomain', 'open_tracking', 'capabilities'],
  'api-keys': ['name', 'permission', 'domain_id'],
  templates: ['name', 'alias', 'html', 'text', 'subject', 'from', 'reply_to', 'variables'],
  webhooks: ['endpoint', 'events', 'status'],
  suppressions: ['email', 'emails', 'ids'],
  contacts: ['email', 'first_name', 'unsubscribed', 'properties', 'segments', 'topics'],
  segments: ['name', 'filter'],
  audiences: ['name', 'email', 'properties'],
  topics: ['name', 'description', 'default_subscription', 'visibility'],
  broadcasts: [
    'name',
    'segment_id',
    'from',
    'subject',
    'reply_to',
    'preview_text',
    'html',
    'topic_id',
    'send',
    'scheduled_at',
  ],
}

/** In order as far as it goes, for any call. */
function sound(): Record<string, unknown> {
  return {
    from: world.workspace.from,
    to: 'ann@there.example',
    subject: 'x',
    html: '<p>x</p>',
    name: 'x',
    email: 'ann@there.example',
    emails: ['ann@there.example'],
    endpoint: 'https://there.example/x',
    events: ['email.sent'],
    segment_id: NOBODY,
    default_subscription: 'opt_in',
  }
}

const routes = resendDoor.routes.map(({ method, path }) => ({ method, path, name: `${method} ${path}` }))

async function ask(method: string, path: string, body?: unknown): Promise<number> {
  const answer = await world.ask(method, path, body === undefined ? {} : { body })
  if (answer.status >= 400) {
    expect(answer.body).toEqual({
      statusCode: answer.status,
      name: expect.stringMatching(/^[a-z_]+$/),
      message: expect.any(String),
    })
  }
  expect([path, body, answer.status < 500 || answer.body]).toEqual([path, body, true])
  return answer.status
}

describe.each(routes)('$name', ({ method, path }) => {
  const hasBody = method !== 'GET' && method !== 'DELETE'

  it('answers odd ids, queries and bodies as mistakes of the caller', async () => {
    for (const id of [NOBODY, '1', '%00', '%F0%9F%99%82', 'a@b', 'x'.repeat(300), '%2e%2e%2f'])
      await ask(method, path.replaceAll(/\{\w+\}/g, id), hasBody ? sound() : undefined)
    const at = path.replaceAll(/\{\w+\}/g, NOBODY)
    if (!hasBody) {
      for (const query of [
        'limit=0',
        'limit=x',
        'limit=101',
        'after=x',
        'before=x',
        `after=${NOBODY}&before=${NOBODY}`,
        'after=%00',
        'origin=x',
        'segment_id=x',
      ])
        await ask(method, `${at}?${query}`)
      return
    }
    for (const body of [
      '[]',
      'null',
      '1',
      '"x"',
      '{',
      '[[]]',
      '[null]',
      DEEP,
      '{"__proto__": {"to": "x"}}',
      '{"a":"\\u0000"}',
    ])
      await ask(method, at, body)
    for (const field of FIELDS[path.split('/')[1] ?? ''] ?? []) {
      await Promise.all(
        ODD_VALUES.map((value) => {
          const one = { ...sound(), [field]: value }
          return ask(method, at, path === '/emails/batch' ? [one] : one)
        }),
      )
    }
  }, 120_000)
})
