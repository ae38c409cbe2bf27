import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import {
  lineageFilter,
  Template,
  TemplateDetail,
  TemplateReference,
  Version,
  VersionNumber,
  VersionSummary,
} from '../template.ts'
import type { Templates } from '../templates-service.ts'

type Context = OperationContext<{ templates: Templates }>

export const listTemplates = defineOperation({
  id: 'templates.list',
  method: 'GET',
  path: '/v1/templates',
  summary: 'List templates, newest first',
  scope: 'templates:read',
  risk: 'read',
  audit: 'template.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    search: z
      .string()
      .trim()
      .max(100)
      .optional()
      .describe('A part of the name or of the alias, in any case.'),
    deleted: z
      .enum(['true', 'false'])
      .default('false')
      .describe('true: those that were deleted and can be restored, instead.'),
    dialects: z
      .string()
      .max(200)
      .regex(/^[a-z-]+(,[a-z-]+)*$/, 'must be names of dialects with commas between them')
      .optional()
      .describe('Only those whose newest version is written in one of these, with commas between them.'),
    ...listInput,
  }),
  output: pageOf(Template),
  handle: (context: Context, input) => context.services.templates.list(context, input),
})

export const getTemplate = defineOperation({
  id: 'templates.get',
  method: 'GET',
  path: '/v1/templates/{templateId}',
  summary: 'Show a template with its active version',
  scope: 'templates:read',
  risk: 'read',
  audit: 'template.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ templateId: TemplateReference }),
  output: TemplateDetail,
  handle: (context: Context, input) => context.services.templates.get(context, input.templateId),
})

export const listVersions = defineOperation({
  id: 'templates.listVersions',
  method: 'GET',
  path: '/v1/templates/{templateId}/versions',
  summary: 'List the versions of a template, newest first',
  scope: 'templates:read',
  risk: 'read',
  audit: 'template.versions_listed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ templateId: TemplateReference, ...lineageFilter, ...listInput }),
  output: pageOf(VersionSummary),
  handle: (context: Context, { templateId, ...query }) =>
    context.services.templates.listVersions(context, templateId, query),
})

export const getVersion = defineOperation({
  id: 'templates.getVersion',
  method: 'GET',
  path: '/v1/templates/{templateId}/versions/{version}',
  summary: 'Show a version of a template',
  scope: 'templates:read',
  risk: 'read',
  audit: 'template.version_read',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ templateId: TemplateReference, version: VersionNumber }),
  output: Version,
  handle: (context: Context, input) =>
    context.services.templates.getVersion(context, input.templateId, input.version),
})
