import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import {
  contentInput,
  Data,
  DialectInput,
  Editable,
  Preview,
  TEMPLATE_BODY_BYTES_MAX,
  TemplateReference,
  VersionNumber,
} from '../template.ts'
import type { Templates } from '../templates-service.ts'

type Context = OperationContext<{ templates: Templates }>

export const previewTemplate = defineOperation({
  id: 'templates.preview',
  method: 'POST',
  path: '/v1/templates/preview',
  summary: 'Render a template with data',
  description:
    'What it answers is what a message of it says, byte for byte, before links are tracked. Give templateId, or what is to be rendered. Problems of the template are no failure of this call: they are listed. Nothing is stored.',
  scope: 'templates:read',
  risk: 'read',
  audit: 'template.previewed',
  bodyBytesMax: TEMPLATE_BODY_BYTES_MAX,
  faults: ['invalid_request', 'not_found', 'too_many_requests', 'unavailable'],
  status: 200,
  input: z.strictObject({
    templateId: TemplateReference.optional(),
    version: VersionNumber.optional().describe(
      'Default: the active version, or the newest where none is active. Drafts too.',
    ),
    dialect: DialectInput.default('liquid').describe('Of what is to be rendered; a template has its own.'),
    subject: contentInput.subject.optional(),
    html: contentInput.html,
    text: contentInput.text,
    data: Data.optional().describe('Default: the sample data of the version; else none.'),
    editable: Editable.optional(),
    variables: contentInput.variables,
    strict: z.boolean().default(false).describe('A variable that the data does not hold is an error.'),
  }),
  output: Preview,
  handle: (context: Context, input) => context.services.templates.preview(context, input),
})
