/**
 * The local inbox of development: an SMTP receiver on a UNIX socket that the engine delivers to instead of the internet, so that
 * everything up to the last step is what production does. It learns workspace and message from the MAIL parameter XBULKHEAD,
 * which only our sender gives.
 */
import type { Logger } from 'pino'
import type { Capture } from '../../modules/inbox/index.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import { decodeHeaderText, findHeader, headerValue, parseHeaderBlock } from '../../platform/mime/index.ts'
import {
  createSmtpServer,
  DEFAULT_SMTP_LIMITS,
  reply,
  type SmtpServer,
} from '../../platform/smtp/server/index.ts'

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const ORIGIN = new RegExp(`^(${UUID})/(${UUID})$`)
/** Above what is accepted, by the DKIM signatures that were added. */
const MESSAGE_BYTES_MAX = 41 * 1024 * 1024

export interface CaptureDependencies {
  readonly socketPath: string
  readonly hostname: string
  readonly capture: Capture
  readonly log: Logger
}

export function createCaptureServer(deps: CaptureDependencies): SmtpServer<never> {
  return createSmtpServer<never>({
    listeners: [
      { name: 'capture', path: deps.socketPath, tls: 'none', requireTls: false, requireAuth: false },
    ],
    hostname: deps.hostname,
    secureContext: () => ({}),
    limits: { ...DEFAULT_SMTP_LIMITS, messageBytes: MESSAGE_BYTES_MAX, connections: 200 },
    extensions: { smtputf8: true, extraMailParameters: ['XBULKHEAD'] },
    log: deps.log,
    handler: {
      authenticate: () => Promise.resolve({ ok: false, reply: reply(502, '5.5.1', 'Not here') }),
      mail: (_peer, _session, path) =>
        Promise.resolve(
          ORIGIN.test(path.parameters.get('XBULKHEAD') ?? '')
            ? undefined
            : reply(550, '5.7.1', 'Only the engine delivers here'),
        ),
      recipient: () => Promise.resolve(undefined),
      async message(_peer, _session, message) {
        const [, workspaceId, messageId] = ORIGIN.exec(message.from.parameters.get('XBULKHEAD') ?? '') ?? []
        if (workspaceId === undefined || messageId === undefined)
          return reply(550, '5.7.1', 'Only the engine delivers here')
        try {
          const block = parseHeaderBlock(message.raw)
          const header = (name: string): string | null => {
            const field = block.ok ? findHeader(block, name) : undefined
            return field === undefined
              ? null
              : decodeHeaderText(headerValue(message.raw, field)).slice(0, 2_000)
          }
          await deps.capture.store({
            workspaceId,
            messageId,
            from: message.from.address,
            to: message.recipients.map((recipient) => recipient.address),
            subject: header('subject'),
            headerFrom: header('from'),
            raw: message.raw,
          })
          return reply(250, '2.0.0', 'Captured')
        } catch (error) {
          const fault = faultOfFailure(error)
          deps.log.warn({ err: error }, 'A message could not be captured')
          return reply(451, '4.3.0', fault.detail)
        }
      },
    },
  })
}
