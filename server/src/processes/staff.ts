import { createIdGenerator } from '../kernel/ids.ts'
import { createQueue } from '../modules/queue/index.ts'
import { createStaff } from '../modules/staff/index.ts'
import { createHttpObserver } from '../platform/http/http-observer.ts'
import { createKeyringClient } from '../platform/keyring-client/index.ts'
import { runProcess } from '../platform/lifecycle/index.ts'
import { createTenantTransactions } from '../platform/postgres/tenant.ts'
import { createCredentialPepper, createStaffAccess } from '../security/access/index.ts'
import { createStaffServer } from '../surfaces/staff-api/staff-server.ts'
import { loadOperatorKey } from './api-operator.ts'

await runProcess({
  name: 'staff',
  poolSize: 4,
  patienceMs: 5_000,
  async start(context) {
    const { config, pool, log } = context
    const keyring = createKeyringClient({ ...context.keyring, log })
    const pepper = createCredentialPepper({ keyring, name: 'staff' })
    const transactions = createTenantTransactions(pool)
    const newId = createIdGenerator()
    const app = createStaffServer({
      log,
      observer: createHttpObserver({
        metrics: context.metrics,
        tracing: context.tracing,
        surface: 'staff',
        nowMs: Date.now,
      }),
      transactions,
      access: createStaffAccess({ pool, pepper, operatorKeyHash: loadOperatorKey(config).hash, log }),
      allow: config.staffAllow,
      proxies: config.trustedProxies,
      staff: createStaff({ pool, pepper, newId, clock: Date.now }),
      // Its keyring tells it nothing of addresses.
      queue: createQueue({ transactions, keyring: null, bearings: null, newId, nowMs: Date.now }),
    })
    await app.listen({ host: config.staff.host, port: config.staff.port })
    context.ready()
    return {
      async [Symbol.asyncDispose]() {
        await app.close()
        await keyring[Symbol.asyncDispose]()
      },
    }
  },
})
