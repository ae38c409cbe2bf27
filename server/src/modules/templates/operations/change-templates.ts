import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import {
  Alias,
  contentInput,
  Name,
  Template,
  TEMPLATE_BODY_BYTES_MAX,
  TemplateDetail,
  TemplateReference,
} from '../template.ts'
import type { Templates } from '../templates-service.ts'

type Context = OperationContext<{ templates: Templates }>

const ofTemplate = { templateId: TemplateReference }

export const createTemplate = defineOperation({
  id: 'templates.create',
  method: 'POST',
  path: '/v1/templates',
  summary: 'Create a template',
  description: 'Its first version is a draft: publish it, then messages can name the template.',
  scope: 'templates:write',
  risk: 'write',
  audit: 'template.created',
  bodyBytesMax: TEMPLATE_BODY_BYTES_MAX,
  faults: ['invalid_request', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({ name: Name, alias: Alias.optional(), ...contentInput }),
  output: TemplateDetail,
  handle: (context: Context, input) => context.services.templates.create(context, input),
})

export const updateTemplate = defineOperation({
  id: 'templates.update',
  method: 'PATCH',
  path: '/v1/templates/{templateId}',
  summary: 'Change the name or the alias of a template',
  description: 'What a version says is changed by a new version.',
  scope: 'templates:write',
  risk: 'sender-change',
  stepUpSeconds: 3_600,
  audit: 'template.changed',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...ofTemplate,
    name: Name.optional(),
    alias: Alias.nullable().optional().describe('null takes it away.'),
  }),
  output: Template,
  handle: (context: Context, { templateId, ...change }) =>
    context.services.templates.update(context, templateId, change),
})

export const deleteTemplate = defineEmptyOperation({
  id: 'templates.delete',
  method: 'DELETE',
  path: '/v1/templates/{templateId}',
  summary: 'Delete a template',
  description:
    'Messages can name it no more; its alias is free at once. It can be restored for 30 days, then it is erased. What was sent stays as it is.',
  scope: 'templates:write',
  risk: 'write',
  audit: 'template.deleted',
  faults: ['not_found', 'unavailable'],
  input: z.strictObject(ofTemplate),
  handle: (context: Context, input) => context.services.templates.remove(context, input.templateId),
})

export const restoreTemplate = defineOperation({
  id: 'templates.restore',
  method: 'POST',
  path: '/v1/templates/{templateId}/restore',
  summary: 'Bring a deleted template back',
  description:
    'With all its versions, and the active one active. Its alias comes back unless another has it now.',
  scope: 'templates:write',
  risk: 'sender-change',
  stepUpSeconds: 3_600,
  audit: 'template.restored',
  faults: ['not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({ templateId: z.string().max(100).describe('The id, tpl_….') }),
  output: Template,
  handle: (context: Context, input) => context.services.templates.restore(context, input.templateId),
})

export const duplicateTemplate = defineOperation({
  id: 'templates.duplicate',
  method: 'POST',
  path: '/v1/templates/{templateId}/duplicate',
  summary: 'Copy a template',
  description:
    'The copy has one version: a draft with what the active version says, or the newest where none is active.',
  scope: 'templates:write',
  risk: 'write',
  audit: 'template.duplicated',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({
    ...ofTemplate,
    name: Name.optional().describe('Default: the name of the original and "(copy)".'),
    alias: Alias.optional(),
  }),
  output: TemplateDetail,
  handle: (context: Context, { templateId, ...wanted }) =>
    context.services.templates.duplicate(context, templateId, wanted),
})
