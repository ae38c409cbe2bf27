import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import type { Inbox } from '../../modules/inbox/index.ts'
import { idOf, Instant } from '../../platform/http/listing.ts'
import { defineOperation, type OperationContext } from '../../platform/http/operation.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { FRAME_HEADERS, sendNote } from './frame.ts'
import {
  countRemote,
  framedHtml,
  imageData,
  normaliseCid,
  shownContentIds,
  type ColorScheme,
} from './framed-html.ts'
import { createViewTickets, type ViewTickets } from './view-ticket.ts'

/** Makes the addresses under which the HTML of captured mail is shown. */
export type InboxView = Pick<ViewTickets, 'issue' | 'redeem'>

/** The HMAC key is random: a restart ends all tickets, which live a minute anyway. */
export function createInboxView(): InboxView {
  return createViewTickets({ key: randomBytes(32), now: Date.now })
}

/** Images of one mail beyond these are left out: the answer is built in memory. */
const IMAGES_MAX = 30
const IMAGE_BYTES_MAX = 8 * 1024 * 1024

export const viewCaptured = defineOperation({
  id: 'inbox.view',
  method: 'POST',
  path: '/v1/inbox/{capturedId}/view',
  summary: 'Get an address that shows the HTML of a captured message in a sandboxed frame',
  description: 'The address needs no key and works for 60 seconds, for this message only.',
  scope: 'inbox:read',
  risk: 'read',
  audit: 'inbox.viewed',
  input: z.strictObject({ capturedId: z.string().max(100) }),
  output: z
    .object({
      url: z
        .string()
        .describe('A path on this server. With &scheme=dark it shows the variant for dark mode.'),
      expiresAt: Instant,
      remoteResources: z
        .int()
        .describe('Images, styles and fonts from elsewhere that the message names; none of them is loaded.'),
    })
    .meta({ id: 'CapturedView' }),
  status: 200,
  faults: ['not_found', 'content_gone', 'unavailable'],
  handle: async (context: OperationContext<{ inbox: Inbox; inboxView: InboxView }>, input) => {
    const captured = await context.services.inbox.get(context, idOf('captured', input.capturedId))
    if (captured.html === null)
      throw new Fault('not_found', {
        detail: 'This message has no HTML part: its text is in the message itself.',
      })
    const { ticket, expiresAt } = context.services.inboxView.issue({
      capturedId: captured.id,
      workspaceId: context.workspaceId,
    })
    return {
      url: `/inbox-frame/${captured.id}?ticket=${encodeURIComponent(ticket)}`,
      expiresAt: expiresAt.toISOString(),
      remoteResources: countRemote(captured.html),
    }
  },
})

/** The route that `inbox.view` points to. It takes a ticket instead of a key and answers HTML under a policy of its own. */
export function addInboxFrame(
  app: FastifyInstance,
  deps: {
    readonly inbox: Pick<Inbox, 'get' | 'attachment'>
    readonly inboxView: InboxView
    readonly transactions: TenantTransactions
  },
): void {
  app.get<{ Params: { capturedId: string }; Querystring: { ticket?: unknown; scheme?: unknown } }>(
    '/inbox-frame/:capturedId',
    async (request, reply) => {
      const { capturedId } = request.params
      const { ticket, scheme } = request.query
      const workspaceId = typeof ticket === 'string' ? deps.inboxView.redeem(ticket, capturedId) : null
      if (workspaceId === null)
        return sendNote(reply, 410, 'This view has expired. Close the message and open it again.')
      try {
        const html = await readHtml(
          deps.inbox,
          callerOf(workspaceId, deps.transactions),
          capturedId,
          scheme === 'dark' ? 'dark' : 'light',
        )
        return reply.headers({ ...FRAME_HEADERS }).send(html)
      } catch (error) {
        if (error instanceof Fault && error.status < 500) return sendNote(reply, error.status, error.detail)
        throw error
      }
    },
  )
}

type Caller = Parameters<Inbox['get']>[0]

function callerOf(workspaceId: string, transactions: TenantTransactions): Caller {
  return {
    workspaceId,
    read: (work) => transactions.read(workspaceId, work),
    act: () => Promise.reject(new Error('A frame only reads')),
  }
}

async function readHtml(
  inbox: Pick<Inbox, 'get' | 'attachment'>,
  caller: Caller,
  capturedId: string,
  scheme: ColorScheme,
): Promise<string> {
  const id = idOf('captured', capturedId)
  const captured = await inbox.get(caller, id)
  if (captured.html === null) throw new Fault('not_found', { detail: 'This message has no HTML part.' })
  const images = new Map<string, string>()
  let bytes = 0
  for (const contentId of shownContentIds(captured.html).slice(0, IMAGES_MAX)) {
    const found = captured.attachments.find(
      (attachment) => attachment.contentId !== null && normaliseCid(attachment.contentId) === contentId,
    )
    if (found === undefined) continue
    bytes += found.sizeBytes
    if (bytes > IMAGE_BYTES_MAX) break
    const data = imageData(found.contentType, await inbox.attachment(caller, id, found.index))
    if (data !== undefined) images.set(contentId, data)
  }
  return framedHtml(captured.html, images, scheme)
}
