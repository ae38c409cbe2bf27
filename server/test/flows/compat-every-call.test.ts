import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DoorName } from '../../src/kernel/doors.ts'
import { encodeId } from '../../src/kernel/ids.ts'
import { doors } from '../../src/surfaces/compat/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

/** Calls that tell a key only that it is one, and what it may do itself. */
const OF_ANY_KEY: ReadonlySet<string> = new Set([
  'GET /v3/scopes',
  'POST /api/1.0/users/ping',
  'POST /api/1.0/users/ping2',
])

const calls = doors.flatMap((door) =>
  door.routes.map(({ method, path }) => ({ door: door.name, method, path, name: `${method} ${path}` })),
)

/** What has the form that the call takes, so that its right is asked. */
const PARAMETERS: Readonly<Record<string, string>> = {
  email: 'ann@example.com',
  batch_id: encodeId('batch', '0190a1b2-0000-7000-8000-000000000000'),
}

/** A call with a body that is an object, and a path whose ids nobody has. */
function send(call: { door: DoorName; method: string; path: string }, key: string | null): Promise<Response> {
  const path = call.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? '1')
  const hasBody = call.method !== 'GET' && call.method !== 'DELETE'
  return fetch(`${api.url}/compat/${call.door}${path}`, {
    method: call.method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(hasBody ? { body: JSON.stringify(key === null ? {} : { key }) } : {}),
  })
}

async function keyOf(door: DoorName, scopes?: readonly string[]): Promise<{ key: string; native: string }> {
  const { key } = await api.workspace()
  const made = await api.call(key, 'POST', '/v1/api-keys', {
    name: door,
    door,
    ...(scopes === undefined ? {} : { scopes }),
  })
  expect(made.status).toBe(201)
  return { key: made.body.key, native: key }
}

function isOfVendor(door: DoorName, body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  if (door === 'sendgrid') return 'errors' in body
  return door === 'resend'
    ? 'statusCode' in body && 'message' in body
    : 'status' in body && body.status === 'error'
}

describe.each(calls)('$door $name', (call) => {
  it('is refused without a key, in the shape of the vendor', async () => {
    const answer = await send(call, null)
    expect(answer.ok).toBe(false)
    expect(isOfVendor(call.door, await answer.json())).toBe(true)
  })

  it('does nothing for a key whose scopes are for something else', async () => {
    const { key } = await keyOf(call.door, ['inbox:read'])
    const answer = await send(call, key)
    if (OF_ANY_KEY.has(call.name)) {
      expect(answer.status).toBe(200)
      return
    }
    expect(answer.ok).toBe(false)
    expect(isOfVendor(call.door, await answer.json())).toBe(true)
  })
})
