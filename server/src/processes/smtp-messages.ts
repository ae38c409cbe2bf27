import { Fault } from '../kernel/faults.ts'
import { createMessages } from '../modules/messages/index.ts'
import type { Messages, MessagesDependencies } from '../modules/messages/index.ts'
import { createTemplates } from '../modules/templates/index.ts'
import type { Templates, TemplatesDependencies } from '../modules/templates/index.ts'
import { createStyleInliner, INLINE_LIMITS } from '../platform/inline-css/index.ts'
import type { Pool } from '../platform/postgres/index.ts'
import { createTenantTransactions } from '../platform/postgres/tenant.ts'
import type { Logger } from '../platform/telemetry/index.ts'
import { createTemplateRenderer, RENDER_LIMITS } from '../platform/templates/index.ts'

interface PreparedMessages extends AsyncDisposable {
  readonly messages: Messages
}

/** The way in for submitted mail, put together once for the process and for the tests of it. */
export function prepareSubmittedMessages(
  deps: Pick<MessagesDependencies, 'accept' | 'keyring' | 'links' | 'newId'> &
    Pick<TemplatesDependencies, 'keyring'> & { readonly pool: Pool; readonly log: Logger },
): PreparedMessages {
  const { pool, log, ...accepting } = deps
  const renderer = createTemplateRenderer({ processes: 2, limits: RENDER_LIMITS, log, nowMs: Date.now })
  const inliner = createStyleInliner({ limits: INLINE_LIMITS, log, nowMs: Date.now })
  const templates = fillingOnly({
    keyring: deps.keyring,
    transactions: createTenantTransactions(pool),
    renderer,
    newId: deps.newId,
    nowMs: Date.now,
  })
  return {
    messages: createMessages({ ...accepting, templates, inliner, now: Date.now }),
    async [Symbol.asyncDispose]() {
      await renderer[Symbol.asyncDispose]()
      await inliner[Symbol.asyncDispose]()
    },
  }
}

/**
 * What submission may do with templates: fill what a message itself brings. Stored templates stay closed to it: the process that strangers
 * talk to has no keys that open anything.
 */
function fillingOnly(deps: TemplatesDependencies): Pick<Templates, 'render' | 'fill'> {
  const templates = createTemplates(deps)
  return {
    fill: (workspaceId, message) => templates.fill(workspaceId, message),
    render: () =>
      Promise.reject(
        new Fault('invalid_request', {
          detail: 'A message that comes by SMTP is rendered from no stored template; send it over HTTP.',
        }),
      ),
  }
}
