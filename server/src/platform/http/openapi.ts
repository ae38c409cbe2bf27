import { z } from 'zod'
import { FAULTS } from '../../kernel/faults.ts'
import type { Operation } from './operation.ts'
import { Problem } from './problem.ts'

type Json = Record<string, unknown>

export interface OpenApiOptions {
  readonly title: string
  readonly version: string
  readonly description: string
}

/** Schemas named by `.meta({ id })` become components; everything else is written where it is used. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const { $schema, $defs, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    target: 'draft-2020-12',
    reused: 'inline',
  })
  void $schema
  for (const [name, definition] of Object.entries($defs ?? {})) components[name] ??= rebase(definition)
  const rebased = rebase(json)
  return typeof rebased === 'object' && rebased !== null ? { ...rebased } : {}
}

/** zod points into `#/$defs`; OpenAPI keeps shared schemas under `#/components/schemas`. */
function rebase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rebase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key]) =>
          key !== 'id' ||
          typeof value !== 'object' ||
          !('type' in value || '$ref' in value || 'anyOf' in value),
      )
      .map(([key, item]) => [
        key,
        key === '$ref' && typeof item === 'string'
          ? item.replace('#/$defs/', '#/components/schemas/')
          : rebase(item),
      ]),
  )
}

/**
 * OpenAPI 3.1 of the operations. The document carries what the registry knows beside shapes: scope, risk and audit event of each
 * operation as `x-scope`, `x-risk`, `x-audit`.
 */
export function openApiOf<Services>(
  operations: readonly Operation<Services>[],
  options: OpenApiOptions,
): Json {
  const schemas: Json = {}
  schemas['Problem'] = schemaOf(Problem, 'output', schemas)
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const path = (paths[operation.path] ??= {})
    path[operation.method.toLowerCase()] = describe(operation, schemas)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: options.title,
      version: options.version,
      description: options.description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(operations.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'An API key: bhk_…' } },
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

function tagOf<Services>(operation: Operation<Services>): string {
  return operation.id.split('.')[0] ?? operation.id
}

function describe<Services>(operation: Operation<Services>, components: Json): Json {
  const input = schemaOf(operation.input, 'input', components)
  const properties = propertiesOf(resolve(input, components))
  const required = new Set(stringsOf(resolve(input, components)['required']))
  const inPath = new Set([...operation.path.matchAll(/\{(\w+)\}/g)].flatMap((match) => match[1] ?? []))
  const takesMime = operation.kind === 'json' && operation.consumes === 'mime'
  const inQuery = operation.method === 'GET' || operation.method === 'DELETE' || takesMime
  const parameters = Object.entries(properties)
    .filter(([name]) => inPath.has(name) || inQuery)
    .map(([name, schema]) => ({
      name,
      in: inPath.has(name) ? 'path' : 'query',
      required: inPath.has(name) || required.has(name),
      schema,
    }))
  const rest = Object.entries(properties).filter(([name]) => !inPath.has(name))
  const body = takesMime
    ? { required: true, content: { 'message/rfc822': { schema: { type: 'string', format: 'binary' } } } }
    : inQuery || (rest.length === 0 && inPath.size > 0)
      ? undefined
      : {
          required: true,
          content: { 'application/json': { schema: inPath.size === 0 ? input : bodySchema(rest, required) } },
        }
  return {
    operationId: operation.id,
    tags: [tagOf(operation)],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    'x-scope': operation.scope,
    'x-risk': operation.risk,
    'x-audit': operation.audit,
    parameters: [...parameters, ...(operation.idempotent === true ? [IDEMPOTENCY_KEY] : [])],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...success(operation, components), ...failures(operation) },
  }
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A repeated request with the same key and body within 24 hours sends nothing again and gets the first answer.',
  schema: { type: 'string', maxLength: 256 },
}

function bodySchema(rest: readonly (readonly [string, unknown])[], required: ReadonlySet<string>): Json {
  const names = rest.map(([name]) => name).filter((name) => required.has(name))
  return {
    type: 'object',
    properties: Object.fromEntries(rest),
    ...(names.length === 0 ? {} : { required: names }),
    additionalProperties: false,
  }
}

function success<Services>(operation: Operation<Services>, components: Json): Json {
  switch (operation.kind) {
    case 'json':
      return {
        [operation.status]: {
          description: operation.summary,
          content: { 'application/json': { schema: schemaOf(operation.output, 'output', components) } },
        },
      }
    case 'empty':
      return { 204: { description: 'Done.' } }
    case 'bytes':
      return {
        200: {
          description: operation.summary,
          content: { [operation.produces]: { schema: { type: 'string', format: 'binary' } } },
        },
      }
    case 'stream':
      return {
        200: {
          description: 'A stream of events.',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
      }
  }
}

function failures<Services>(operation: Operation<Services>): Json {
  const codes = [...new Set(['unauthenticated', 'missing_scope', ...operation.faults, 'internal'] as const)]
  const byStatus = Map.groupBy(codes, (code) => FAULTS[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `${code}: ${FAULTS[code].title}.`).join(' '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}

function resolve(schema: Json, components: Json): Json {
  const reference = schema['$ref']
  if (typeof reference !== 'string') return schema
  const target = components[reference.replace('#/components/schemas/', '')]
  return typeof target === 'object' && target !== null ? { ...target } : {}
}

function propertiesOf(schema: Json): Json {
  const properties = schema['properties']
  return typeof properties === 'object' && properties !== null ? { ...properties } : {}
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
