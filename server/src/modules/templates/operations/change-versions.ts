import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import {
  contentInput,
  TEMPLATE_BODY_BYTES_MAX,
  TemplateDetail,
  TemplateReference,
  Version,
  VersionNumber,
} from '../template.ts'
import type { Templates } from '../templates-service.ts'

type Context = OperationContext<{ templates: Templates }>

const ofVersion = { templateId: TemplateReference, version: VersionNumber }

export const createVersion = defineOperation({
  id: 'templates.createVersion',
  method: 'POST',
  path: '/v1/templates/{templateId}/versions',
  summary: 'Add a version to a template',
  description: 'A draft: nothing is sent with it until it is published.',
  scope: 'templates:write',
  risk: 'write',
  audit: 'template.version_created',
  bodyBytesMax: TEMPLATE_BODY_BYTES_MAX,
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({
    templateId: TemplateReference,
    ...contentInput,
    follows: VersionNumber.optional().describe(
      'The version whose place it takes: lists can leave that one out, and what is deleted of the two is deleted of both.',
    ),
  }),
  output: Version,
  handle: (context: Context, { templateId, ...content }) =>
    context.services.templates.createVersion(context, templateId, content),
})

export const updateVersion = defineOperation({
  id: 'templates.updateVersion',
  method: 'PATCH',
  path: '/v1/templates/{templateId}/versions/{version}',
  summary: 'Change a draft',
  description: 'What is left out stays. A version that was published once is never changed: add a new one.',
  scope: 'templates:write',
  risk: 'write',
  audit: 'template.version_changed',
  bodyBytesMax: TEMPLATE_BODY_BYTES_MAX,
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...ofVersion,
    ...contentInput,
    subject: contentInput.subject.optional(),
    ifHash: z
      .string()
      .max(64)
      .optional()
      .describe('Only where the draft still has this hash: another person may have changed it meanwhile.'),
  }),
  output: Version,
  handle: (context: Context, { templateId, version, ...change }) =>
    context.services.templates.updateVersion(context, templateId, version, change),
})

export const deleteVersion = defineEmptyOperation({
  id: 'templates.deleteVersion',
  method: 'DELETE',
  path: '/v1/templates/{templateId}/versions/{version}',
  summary: 'Delete a version',
  description:
    'A draft is erased; the only version of a template stays. What was published is put away, with the versions whose place it took: nothing is sent with it any more, no list has it, and it can still be read by its number, because mail said it.',
  scope: 'templates:write',
  risk: 'write',
  audit: 'template.version_deleted',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  input: z.strictObject(ofVersion),
  handle: (context: Context, input) =>
    context.services.templates.removeVersion(context, input.templateId, input.version),
})

export const publishVersion = defineOperation({
  id: 'templates.publish',
  method: 'POST',
  path: '/v1/templates/{templateId}/versions/{version}/publish',
  summary: 'Make a version the active one',
  description:
    'Messages that name no version are rendered from it at once. Publishing an older version takes a template back. A version with errors is refused.',
  scope: 'templates:write',
  risk: 'sender-change',
  stepUpSeconds: 3_600,
  audit: 'template.published',
  faults: ['invalid_request', 'not_found', 'template_failed', 'too_many_requests', 'unavailable'],
  status: 200,
  input: z.strictObject(ofVersion),
  output: TemplateDetail,
  handle: (context: Context, input) =>
    context.services.templates.publish(context, input.templateId, input.version),
})
