import { parseVerifierKey } from '@bulkhead/tlog'
import { join } from 'node:path'
import { createIdGenerator } from '../kernel/ids.ts'
import { openLogFiles } from '../platform/audit-files/index.ts'
import { createKeyringClient } from '../platform/keyring-client/index.ts'
import { runProcess } from '../platform/lifecycle/index.ts'
import { createWitnessClient } from '../platform/witness-client/index.ts'
import { createAuditLog } from '../security/audit/index.ts'

const WITNESS_TIMEOUT_MS = 3_000

await runProcess({
  name: 'audit',
  poolSize: 4,
  async start(context) {
    const { config, pool, log, signal } = context
    const keyring = createKeyringClient({ ...context.keyring, log })
    const auditLog = createAuditLog({
      pool,
      log,
      signal,
      signer: keyring,
      newId: createIdGenerator(),
      openFiles: () => openLogFiles(config.auditDirectory ?? join(config.dataDirectory, 'audit')),
      witnesses: config.auditWitnesses.map(({ url, vkey }) => ({ url, key: parseVerifierKey(vkey) })),
      witnessClient: createWitnessClient({ timeoutMs: WITNESS_TIMEOUT_MS }),
      onReady: (state) => context.ready({}, { leader: state === 'sequencing' }),
    })
    const work = auditLog.run()
    return {
      async [Symbol.asyncDispose]() {
        await work
        await keyring[Symbol.asyncDispose]()
      },
    }
  },
})
