import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { Instant } from '../../platform/http/listing.ts'
import { defineOperation, KNOWN_SCOPE, type OperationContext } from '../../platform/http/operation.ts'
import { FRAME_HEADERS, sendNote } from './frame.ts'
import { countRemote, framedHtml } from './framed-html.ts'
import type { HtmlPages } from './html-pages.ts'

const HTML_CHARS_MAX = 2_097_152

/** A frame cannot be given content by the console itself: it would inherit the console's policy, which forbids a mail's inline styles. */
export const viewHtml = defineOperation({
  id: 'htmlViews.create',
  method: 'POST',
  path: '/v1/html-views',
  summary: 'Get an address that shows HTML of your own in a sandboxed frame',
  description:
    'For previews of templates and messages. The address needs no key and works for 60 seconds in a frame of this server’s own pages. No script, nothing from elsewhere.',
  scope: KNOWN_SCOPE,
  risk: 'read',
  audit: 'html.viewed',
  bodyBytesMax: 4 * HTML_CHARS_MAX,
  input: z.strictObject({ html: z.string().max(HTML_CHARS_MAX) }),
  output: z
    .object({
      url: z
        .string()
        .describe('A path on this server. With ?scheme=dark it shows the variant for dark mode.'),
      expiresAt: Instant,
      remoteResources: z
        .int()
        .describe('Images, styles and fonts from elsewhere that the HTML names; none of them is loaded.'),
    })
    .meta({ id: 'HtmlView' }),
  status: 200,
  faults: ['invalid_request', 'unavailable'],
  handle: async (context: OperationContext<{ htmlPages: HtmlPages }>, { html }) => {
    // Of a workspace, not of its keys: nobody has more room by having more keys.
    const kept = context.services.htmlPages.keep(context.workspaceId || context.actor, html)
    if (kept === null)
      throw new Fault('unavailable', {
        detail: 'Too many previews are held for others. Try again in a minute.',
      })
    const { name, expiresAt } = kept
    return {
      url: `/html-frame/${name}`,
      expiresAt: expiresAt.toISOString(),
      remoteResources: countRemote(html),
    }
  },
})

/** The route that `htmlViews.create` points to. Only frames get it: nobody is sent to a page of somebody else's making on this server. */
export function addHtmlFrame(app: FastifyInstance, pages: Pick<HtmlPages, 'find'>): void {
  app.get<{ Params: { name: string }; Querystring: { scheme?: unknown } }>(
    '/html-frame/:name',
    (request, reply): FastifyReply => {
      const { 'sec-fetch-dest': destination = 'iframe', 'sec-fetch-site': site = 'same-origin' } =
        request.headers
      if (destination !== 'iframe' || site !== 'same-origin')
        return sendNote(reply, 403, 'This is shown inside the console only.')
      const html = pages.find(request.params.name)
      if (html === null) return sendNote(reply, 410, 'This preview has expired. Make it anew.')
      const scheme = request.query.scheme === 'dark' ? 'dark' : 'light'
      return reply.headers({ ...FRAME_HEADERS }).send(framedHtml(html, new Map(), scheme))
    },
  )
}
