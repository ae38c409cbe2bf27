import { afterAll, beforeAll, expect, it } from 'vitest'
import { managingRoutes } from '../../src/surfaces/compat/sendgrid/managing.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendgridWorld } from './sendgrid-world.ts'
import type { SendGridWorld } from './sendgrid-world.ts'

let api: ApiFixture
let audit: AsyncDisposable
let world: SendGridWorld
beforeAll(async () => {
  api = await startApi()
  // On a busy machine this takes longer than acts are kept that nobody sequences.
  audit = startAudit(api.database)
  world = await sendgridWorld(api)
})
afterAll(async () => {
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const FIELDS = [
  'name',
  'subject',
  'html_content',
  'test_data',
  'active',
  'generation',
  'scopes',
  'ips',
  'ids',
  'recipient_emails',
  'emails',
  'delete_all',
  'description',
  'is_default',
  'domain',
  'default',
  'url',
  'enabled',
  'delivered',
  'hostname',
  'send_raw',
  'id',
] as const

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  1e300,
  '',
  ' \u2028\u0000 ',
  'x'.repeat(3_000),
  [],
  [[]],
  [null],
  ['@', 'a@b.example'],
  [{ ip: '::1/129' }],
  {},
  JSON.parse('{"__proto__": "x", "constructor": "y"}'),
]

const PLACES = [
  'x',
  '1',
  '999999999999',
  '%00',
  '%2e%2e',
  'a%40b.example',
  'd-0190a0b0c0d070008000000000000000',
  '0190a0b0-c0d0-7000-8000-000000000000',
]

const QUERIES = [
  '',
  '?limit=-1&offset=x&page_size=1e9&page_token=%00',
  '?limit=1&limit=2&start_date=2026-13-40&email=%25&id=,&domain=%00',
  '?start_time=99999999999999&end_time=-1&email=%00&category=%00&number=x',
  '?start_date=2026-01-01&end_date=9999-12-31&categories=%00&aggregated_by=',
]

async function send(method: string, path: string, body: unknown): Promise<string | null> {
  const hasBody = method !== 'GET' && body !== undefined
  const response = await fetch(`${api.url}/compat/sendgrid${path}`, {
    method,
    headers: {
      authorization: `Bearer ${world.key}`,
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  if (response.status < 300) return null
  const about = `${method} ${path} ${JSON.stringify(body)?.slice(0, 80)}: ${response.status} ${text.slice(0, 200)}`
  if (response.status >= 500) return about
  const { errors } = JSON.parse(text) as { errors?: { message?: unknown }[] }
  const isSaid =
    Array.isArray(errors) && errors.length > 0 && errors.every(({ message }) => typeof message === 'string')
  return isSaid ? null : about
}

async function all(requests: readonly (readonly [string, string, unknown])[]): Promise<string[]> {
  const wrong: string[] = []
  for (let at = 0; at < requests.length; at += 8) {
    const answers = await Promise.all(requests.slice(at, at + 8).map((request) => send(...request)))
    wrong.push(...answers.filter((answer) => answer !== null))
  }
  return wrong
}

// Keys that are deleted or locked out would end the test.
const routes = managingRoutes.filter(
  ({ method, path }) => !(path.startsWith('/v3/access_settings') && method === 'POST'),
)

it('answers odd paths and queries in its own shape, and never as if the fault were ours', async () => {
  const requests = routes.flatMap(({ method, path }) =>
    path.includes('{')
      ? PLACES.map((place) => [method, path.replaceAll(/\{\w+\}/g, place), {}] as const)
      : QUERIES.map((query) => [method, `${path}${query}`, {}] as const),
  )
  expect(await all(requests)).toEqual([])
}, 120_000)

it('answers odd bodies in its own shape, and never as if the fault were ours', async () => {
  const writes = routes.filter(({ method, path }) => method !== 'GET' && !path.includes('{'))
  const requests = writes.flatMap(({ method, path }) => [
    ...ODD.map((odd) => [method, path, odd] as const),
    ...FIELDS.flatMap((field) =>
      ODD.filter((_, place) => place % 2 === 0).map((odd) => {
        const whole = {
          name: 'a',
          domain: 'odd.test',
          url: 'https://a.example/',
          hostname: 'odd.test',
          emails: [],
          recipient_emails: ['a@b.example'],
        }
        return [method, path, { ...whole, [field]: odd }] as const
      }),
    ),
  ])
  expect(await all(requests)).toEqual([])
}, 240_000)

it('says so of our own API too where a text holds what no text in the database can', async () => {
  const answer = await api.call(world.workspace.key, 'GET', '/v1/domains?name=%00')
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
})
