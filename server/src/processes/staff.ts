import { createIdGenerator } from '../kernel/ids.ts'
import { createStaff } from '../modules/staff/index.ts'
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
    const app = createStaffServer({
      log,
      transactions: createTenantTransactions(pool),
      access: createStaffAccess({ pool, pepper, operatorKeyHash: loadOperatorKey(config).hash, log }),
      allow: config.staffAllow,
      proxies: config.trustedProxies,
      staff: createStaff({ pool, pepper, newId: createIdGenerator(), clock: Date.now }),
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
