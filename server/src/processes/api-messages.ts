import { createAttachmentFetching, createMessages } from '../modules/messages/index.ts'
import type { Messages, MessagesDependencies } from '../modules/messages/index.ts'
import type { DnsResolver } from '../platform/dns/index.ts'
import { createEgress } from '../platform/egress/index.ts'
import { createStyleInliner, INLINE_LIMITS } from '../platform/inline-css/index.ts'
import type { Logger } from '../platform/telemetry/index.ts'

interface PreparedMessages extends AsyncDisposable {
  readonly messages: Messages
}

/** The way in for mail of the API, with attachments that are fetched from where a message says and styles written where mail programs read them. */
export function prepareMessages(
  deps: Pick<MessagesDependencies, 'accept' | 'keyring' | 'links' | 'templates' | 'newId'> & {
    readonly log: Logger
    readonly resolver: Pick<DnsResolver, 'a' | 'aaaa'>
    readonly config: { readonly mode: 'development' | 'production'; readonly allowPrivateTargets: boolean }
  },
): PreparedMessages {
  const { resolver, config, log, ...accepting } = deps
  const isDevelopment = config.mode === 'development'
  // Never from one's own network: who may send could have its documents mailed.
  const egress = createEgress({
    resolver,
    allowPrivateTargets: isDevelopment && config.allowPrivateTargets,
  })
  const fetchAttachments = createAttachmentFetching({ egress, allowPlain: isDevelopment })
  const inliner = createStyleInliner({ limits: INLINE_LIMITS, log, nowMs: Date.now })
  return {
    messages: createMessages({ ...accepting, inliner, fetchAttachments, now: Date.now }),
    async [Symbol.asyncDispose]() {
      egress[Symbol.dispose]()
      await inliner[Symbol.asyncDispose]()
    },
  }
}
