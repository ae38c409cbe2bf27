import { createIdGenerator, encodeId } from '../../src/kernel/ids.ts'
import { createQueue } from '../../src/modules/queue/index.ts'
import { createStaff } from '../../src/modules/staff/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { createCredentialPepper, createStaffAccess, hashSecret } from '../../src/security/access/index.ts'
import { createStaffServer } from '../../src/surfaces/staff-api/staff-server.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'

export interface StaffFixture extends AsyncDisposable {
  readonly url: string
  call(key: string, method: string, path: string, body?: unknown): Promise<Answer>
  /** A new member of staff, added with the operator's key. */
  member(label?: string): Promise<{ id: string; key: string }>
}

/** The real staff API beside an API fixture: same database, same keyring, its own role and token. */
export async function startStaff(
  api: ApiFixture,
  options: { readonly allow?: readonly string[]; readonly proxies?: readonly string[] } = {},
): Promise<StaffFixture> {
  const log = createLogger({ name: 'staff', level: 'error' })
  const pool = api.database.pool('bulkhead_staff')
  const newId = createIdGenerator()
  const pepper = createCredentialPepper({ keyring: api.keyring('staff'), name: 'staff' })
  const app = createStaffServer({
    log,
    transactions: createTenantTransactions(pool),
    access: createStaffAccess({
      pool,
      pepper,
      operatorKeyHash: hashSecret(api.operatorKey).toString('hex'),
    }),
    staff: createStaff({ pool, pepper, newId, clock: Date.now }),
    queue: createQueue({
      bearings: null,
      transactions: createTenantTransactions(pool),
      keyring: null,
      newId,
      nowMs: Date.now,
    }),
    allow: options.allow ?? [],
    proxies: options.proxies ?? [],
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  async function call(key: string, method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = (response.headers.get('content-type') ?? '').includes('json')
    return {
      status: response.status,
      text,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : null,
    }
  }

  return {
    url,
    call,
    async member(label = encodeId('staffMember', newId()).slice(-12)) {
      const { status, body, text } = await call(api.operatorKey, 'POST', '/v1/staff', { label })
      if (status !== 201) throw new Error(`no member of staff: ${text}`)
      return { id: body.id, key: body.key }
    },
    async [Symbol.asyncDispose]() {
      await app.close()
    },
  }
}
