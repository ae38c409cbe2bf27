import { selfSigned } from '../../../bench/self-signed.ts'
import { createIdGenerator } from '../../src/kernel/ids.ts'
import { createAcceptService } from '../../src/modules/messages/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createAccess, createCredentialPepper } from '../../src/security/access/index.ts'
import { startContainmentWatch } from '../../src/security/containment/index.ts'
import { createDetection } from '../../src/security/detection/index.ts'
import { startCredentialWatch } from '../../src/security/epochs/index.ts'
import { createKeyedDigest } from '../../src/security/limits/index.ts'
import { createAuthSignals, createSubmission, submissionSource } from '../../src/surfaces/submission/index.ts'
import { LINK_SETTINGS } from './api-fixture.ts'
import { prepareSubmittedMessages } from '../../src/processes/smtp-messages.ts'
import { submissionTranslations, submissionWords } from '../../src/surfaces/compat/index.ts'
import { prepareLinks } from '../../src/processes/api-tracking.ts'
import type { ApiFixture } from './api-fixture.ts'

export interface SubmissionFixture extends AsyncDisposable {
  readonly ports: { readonly starttls: number; readonly implicit: number }
}

/**
 * Submission on ephemeral loopback ports, with the role and the keyring token of the process `smtp`. `watchesCredentials`: dead ones are
 * cut off as they die, as in the process; without it only the look-ups of a session find them.
 */
export async function startTestSubmission(
  api: ApiFixture,
  options: { readonly appeal?: string; readonly watchesCredentials?: boolean } = {},
): Promise<SubmissionFixture> {
  const log = createLogger({ name: 'smtp', level: 'error' })
  const pool = api.database.pool('bulkhead_smtp')
  const keyring = api.keyring('smtp')
  const newId = createIdGenerator()
  const pepper = createCredentialPepper({ keyring, name: 'credential' })
  const access = createAccess({ pool, pepper })
  const digest = createKeyedDigest({ pepper })
  const signals = createAuthSignals({ detection: createDetection({ pool, digest, log }), digest })
  const containment = await startContainmentWatch({ pool, log, actorClass: 'smtp' })
  const accept = createAcceptService({
    pool,
    keyring,
    containment,
    sensitiveMayLeave: true,
    log,
    now: Date.now,
    newId,
  })
  const links = prepareLinks({ pool, keyring, settings: LINK_SETTINGS })
  const mail = prepareSubmittedMessages({ pool, accept, keyring, links, newId, log })
  const material = selfSigned('mail.example.net')
  const listener = { host: '127.0.0.1', port: 0, requireTls: true, requireAuth: true } as const
  const submission = createSubmission({
    listeners: [
      { name: 'submission', tls: 'starttls', ...listener },
      { name: 'submissions', tls: 'implicit', ...listener },
    ],
    hostname: 'mail.example.net',
    tls: () => material,
    access,
    messages: mail.messages,
    doorSubmissions: submissionTranslations,
    doorWords: submissionWords,
    accept,
    containment,
    signals,
    appeal: options.appeal ?? 'https://mail.example.net/appeal',
    log,
    now: Date.now,
  })
  const watch = options.watchesCredentials === true ? startCredentialWatch({ pool, log, access }) : undefined
  watch?.addSource(submissionSource(submission))
  const [starttls, implicit] = await submission.listen()
  return {
    ports: { starttls: starttls?.port ?? 0, implicit: implicit?.port ?? 0 },
    async [Symbol.asyncDispose]() {
      await submission.close({ graceMs: 100 })
      await watch?.[Symbol.asyncDispose]()
      await containment[Symbol.asyncDispose]()
      await accept.drain()
      await mail[Symbol.asyncDispose]()
      await access.close()
    },
  }
}
