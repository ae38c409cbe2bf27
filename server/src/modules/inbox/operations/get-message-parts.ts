import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import type { Messages } from '../../messages/index.ts'
import { parseMail } from '../parse.ts'

export const getMessageParts = defineOperation({
  id: 'messages.getParts',
  method: 'GET',
  path: '/v1/messages/{messageId}/parts',
  summary: 'Get the content of a message taken apart: HTML, text, header fields, attachments',
  description: 'As it was accepted, before it is signed. Refused for sensitive messages.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'message.content_read',
  input: z.strictObject({ messageId: z.string().max(100) }),
  output: z
    .object({
      html: z.string().nullable().describe('Untrusted. Show it in a sandboxed frame only.'),
      text: z.string().nullable(),
      headers: z.array(z.object({ name: z.string(), value: z.string() })),
      attachments: z.array(
        z.object({
          filename: z.string().nullable(),
          contentType: z.string(),
          sizeBytes: z.int(),
          inline: z.boolean(),
        }),
      ),
    })
    .meta({ id: 'MessageParts' }),
  status: 200,
  faults: ['not_found', 'content_gone', 'unavailable'],
  handle: async (context: OperationContext<{ messages: Messages }>, input) => {
    const raw = await context.services.messages.content(context, input.messageId)
    const mail = await parseMail(raw)
    if (mail === null)
      throw new Fault('content_gone', {
        detail: 'This message is nested too deeply to be taken apart; its source is there.',
      })
    return {
      html: mail.html,
      text: mail.text,
      headers: mail.headers.map((field) => ({ ...field })),
      attachments: mail.attachments.map(({ filename, contentType, inline, content }) => ({
        filename,
        contentType,
        sizeBytes: content.length,
        inline,
      })),
    }
  },
})
