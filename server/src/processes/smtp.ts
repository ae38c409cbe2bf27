import { join } from 'node:path'
import { createIdGenerator } from '../kernel/ids.ts'
import { createCapture } from '../modules/inbox/index.ts'
import { createAcceptService, createMessages } from '../modules/messages/index.ts'
import { loadTlsMaterial, mayLeaveSensitive } from '../platform/config/index.ts'
import { createKeyringClient } from '../platform/keyring-client/index.ts'
import { runProcess } from '../platform/lifecycle/index.ts'
import { createTenantTransactions } from '../platform/postgres/tenant.ts'
import { createAccess, createCredentialPepper } from '../security/access/index.ts'
import { startContainmentWatch } from '../security/containment/index.ts'
import { createDetection } from '../security/detection/index.ts'
import { startCredentialWatch } from '../security/epochs/index.ts'
import { createKeyedDigest } from '../security/limits/index.ts'
import { createCaptureServer } from '../surfaces/capture/index.ts'
import { createAuthSignals, createSubmission, submissionSource } from '../surfaces/submission/index.ts'

const CERTIFICATE_CHECK_MS = 60_000
const GRACE_MS = 8_000

await runProcess({
  name: 'smtp',
  patienceMs: 5_000,
  async start(context) {
    const { config, pool, log } = context
    const newId = createIdGenerator()
    const keyring = createKeyringClient({ ...context.keyring, log })
    const pepper = createCredentialPepper({ keyring, name: 'credential' })
    const access = createAccess({ pool, pepper, log })
    const digest = createKeyedDigest({ pepper })
    const signals = createAuthSignals({ detection: createDetection({ pool, digest, log }), digest })
    const containment = await startContainmentWatch({ pool, log, actorClass: 'smtp' })
    const accept = createAcceptService({
      pool,
      keyring,
      containment,
      sensitiveMayLeave: mayLeaveSensitive(config),
      log,
      now: Date.now,
      newId,
    })
    const messages = createMessages({ accept, keyring, now: Date.now, newId })

    let material = loadTlsMaterial(config)
    const certificates = setInterval(() => {
      try {
        material = loadTlsMaterial(config)
      } catch (error) {
        log.error({ err: error }, 'The certificate cannot be read; the one in use stays')
      }
    }, CERTIFICATE_CHECK_MS)

    const submission = createSubmission({
      listeners: [
        { name: 'submission', ...config.submission, tls: 'starttls', requireTls: true, requireAuth: true },
        { name: 'submissions', ...config.submissions, tls: 'implicit', requireTls: true, requireAuth: true },
      ],
      hostname: config.hostname,
      tls: () => material,
      access,
      messages,
      accept,
      containment,
      signals,
      appeal: config.appeal,
      log,
      now: Date.now,
    })
    const captureServer = createCaptureServer({
      socketPath: join(context.runtimeDirectory, 'capture.sock'),
      hostname: config.hostname,
      capture: createCapture({
        keyring,
        transactions: createTenantTransactions(pool),
        newId,
        showSystemMail: config.mode === 'development',
      }),
      log,
    })
    const addresses = await submission.listen()
    if (config.outbound.kind === 'capture') await captureServer.listen()

    const watch = startCredentialWatch({ pool, log, access })
    watch.addSource(submissionSource(submission))

    context.ready({ addresses })
    return {
      async [Symbol.asyncDispose]() {
        clearInterval(certificates)
        // Capture last: the sender may still be delivering into it.
        await submission.close({ graceMs: GRACE_MS })
        await watch[Symbol.asyncDispose]()
        await containment[Symbol.asyncDispose]()
        await accept.drain()
        await captureServer.close({ graceMs: 500 })
        await access.close()
        await keyring[Symbol.asyncDispose]()
      },
    }
  },
})
