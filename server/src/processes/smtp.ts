import { join } from 'node:path'
import { createIdGenerator } from '../kernel/ids.ts'
import { createBounceMetrics } from '../modules/bounces/index.ts'
import { createCapture } from '../modules/inbox/index.ts'
import { createAcceptObserver, createAcceptService } from '../modules/messages/index.ts'
import { formatAddress, loadTlsMaterial, mayLeaveSensitive } from '../platform/config/index.ts'
import { createKeyringClient } from '../platform/keyring-client/index.ts'
import { runProcess } from '../platform/lifecycle/index.ts'
import type { SmtpTarget } from '../platform/smtp/client/index.ts'
import { createSmtpServerMetrics } from '../platform/smtp/server/index.ts'
import { createTenantTransactions } from '../platform/postgres/tenant.ts'
import { createAccess, createCredentialPepper } from '../security/access/index.ts'
import { startContainmentWatch } from '../security/containment/index.ts'
import { createDetection } from '../security/detection/index.ts'
import { startCredentialWatch } from '../security/epochs/index.ts'
import { createKeyedDigest } from '../security/limits/index.ts'
import { submissionTranslations, submissionWords } from '../surfaces/compat/index.ts'
import { createCaptureServer } from '../surfaces/capture/index.ts'
import { createSimulator } from '../surfaces/simulator/index.ts'
import { createAuthSignals, createSubmission, submissionSource } from '../surfaces/submission/index.ts'
import { prepareInbound } from './smtp-inbound.ts'
import { prepareSubmittedMessages } from './smtp-messages.ts'
import { linkSettings, prepareLinks } from './api-tracking.ts'

/** This host's own listener: where it listens on all addresses, the loopback leads there. */
function targetOf({ host, port }: { readonly host: string; readonly port: number }): SmtpTarget {
  const address = host === '0.0.0.0' || host === 'localhost' ? '127.0.0.1' : host === '::' ? '::1' : host
  return { host: address, address, port, family: address.includes(':') ? 6 : 4 }
}

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
      observer: createAcceptObserver({
        metrics: context.metrics,
        tracing: context.tracing,
        nowMs: Date.now,
      }),
      now: Date.now,
      newId,
    })
    const links = prepareLinks({ pool, keyring, settings: linkSettings(config) })
    const mail = prepareSubmittedMessages({ pool, accept, keyring, links, newId, log })

    let material = loadTlsMaterial(config)
    const certificates = setInterval(() => {
      try {
        material = loadTlsMaterial(config)
      } catch (error) {
        log.error({ err: error }, 'The certificate cannot be read; the one in use stays')
      }
    }, CERTIFICATE_CHECK_MS)

    const serverMetrics = createSmtpServerMetrics(context.metrics)
    const submission = createSubmission({
      metrics: serverMetrics,
      listeners: [
        { name: 'submission', ...config.submission, tls: 'starttls', requireTls: true, requireAuth: true },
        { name: 'submissions', ...config.submissions, tls: 'implicit', requireTls: true, requireAuth: true },
      ],
      hostname: config.hostname,
      tls: () => material,
      access,
      messages: mail.messages,
      doorSubmissions: submissionTranslations,
      doorWords: submissionWords,
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
    const simulator = createSimulator({
      socketPath: join(context.runtimeDirectory, 'simulator.sock'),
      hostname: config.simulator,
      inbound: config.inbound === 'off' ? null : targetOf(config.inbound),
      newId,
      log,
    })
    const inbound = prepareInbound({
      config,
      pool,
      keyring,
      tls: () => material,
      newId,
      log,
      metrics: createBounceMetrics(context.metrics),
      serverMetrics,
    })
    const addresses = [...(await submission.listen()), ...((await inbound?.listen()) ?? [])]
    if (config.outbound.kind === 'capture') await captureServer.listen()
    if (config.simulator !== 'off') await simulator.listen()

    const watch = startCredentialWatch({ pool, log, access })
    watch.addSource(submissionSource(submission))

    const where = config.inbound === 'off' ? 'off' : formatAddress(config.inbound)
    context.ready({ addresses }, { inbound: where })
    return {
      async [Symbol.asyncDispose]() {
        clearInterval(certificates)
        await inbound?.close({ graceMs: GRACE_MS / 2 })
        // Capture last: the sender may still be delivering into it.
        await submission.close({ graceMs: GRACE_MS })
        await watch[Symbol.asyncDispose]()
        await containment[Symbol.asyncDispose]()
        await accept.drain()
        await mail[Symbol.asyncDispose]()
        await simulator.close({ graceMs: 500 })
        await captureServer.close({ graceMs: 500 })
        await access.close()
        await keyring[Symbol.asyncDispose]()
      },
    }
  },
})
