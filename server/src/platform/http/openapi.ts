import { FAULTS, type FaultCode } from '../../kernel/faults.ts'
import { createSchemaCollection, propertiesOf, type Json, type SchemaCollection } from './json-schema.ts'
import type { Operation } from './operation.ts'
import { Problem } from './problem.ts'

export interface OpenApiOptions {
  readonly title: string
  readonly version: string
  readonly description: string
}

/** Where each part of an operation's input travels. The routes parse by the same rule. */
export interface InputPlaces {
  readonly path: readonly string[]
  readonly rest: 'query' | 'body'
  readonly mime: boolean
}

/** Path parameters by name; the rest in the query of GET, DELETE and MIME uploads, in a JSON body otherwise. */
export function inputPlaces<Services>(operation: Operation<Services>): InputPlaces {
  const mime = operation.kind === 'json' && operation.consumes === 'mime'
  return {
    path: [...operation.path.matchAll(/\{(\w+)\}/g)].flatMap((match) => match[1] ?? []),
    rest: operation.method === 'GET' || operation.method === 'DELETE' || mime ? 'query' : 'body',
    mime,
  }
}

/** Every fault an operation may answer: its own, and those that its shape brings with it. */
export function faultsOf<Services>(operation: Operation<Services>): FaultCode[] {
  const { rest, mime } = inputPlaces(operation)
  const body: FaultCode[] =
    rest === 'body' ? ['invalid_request', 'malformed_json', 'too_large', 'unsupported_media_type'] : []
  const upload: FaultCode[] = mime ? ['too_large', 'unsupported_media_type'] : []
  return [
    ...new Set<FaultCode>([
      ...operation.faults,
      ...body,
      ...upload,
      'unauthenticated',
      'missing_scope',
      'internal',
      'unavailable',
    ]),
  ].sort((left, right) => FAULTS[left].status - FAULTS[right].status)
}

/** The noun an operation belongs to: `messages` of `messages.send`. */
export function nounOf(operation: { readonly id: string }): string {
  return operation.id.split('.')[0] ?? operation.id
}

/**
 * OpenAPI 3.1 of the operations. The document carries what the registry knows beside shapes: risk and audit event of each
 * operation as `x-risk` and `x-audit`; the scope is the role that `security` asks for (OpenAPI 3.1 §4.8.30).
 */
export function openApiOf<Services>(
  operations: readonly Operation<Services>[],
  options: OpenApiOptions,
): Json {
  const schemas = createSchemaCollection()
  const problem = { ...schemas.add(Problem, 'output') }
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const path = (paths[operation.path] ??= {})
    path[operation.method.toLowerCase()] = describe(operation, schemas, problem)
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
    tags: [...new Set(operations.map(nounOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, bhk_…, or the session of a person, bhu_….',
        },
      },
      schemas: schemas.components(),
    },
  }
}

function describe<Services>(operation: Operation<Services>, schemas: SchemaCollection, problem: Json): Json {
  const input = schemas.add(operation.input, 'input')
  const { properties, required } = propertiesOf(schemas.resolve(input))
  const places = inputPlaces(operation)
  const inPath = new Set(places.path)
  const names = Object.keys(properties)
  const parameters = names
    .filter((name) => inPath.has(name) || places.rest === 'query')
    .map((name) => parameter(name, properties[name], inPath.has(name), required.has(name)))
  const inBody = places.rest === 'body' ? names.filter((name) => !inPath.has(name)) : []
  const json = inPath.size === 0 ? input : bodySchema(inBody, properties, required)
  const content = places.mime
    ? { 'message/rfc822': {} }
    : inBody.length > 0
      ? { 'application/json': { schema: json } }
      : undefined
  const bodyRequired = places.mime || inBody.some((name) => required.has(name))
  return {
    operationId: operation.id,
    tags: [nounOf(operation)],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    security: operation.scope === 'public' ? [] : [{ bearer: [operation.scope] }],
    'x-risk': operation.risk,
    'x-audit': operation.audit,
    parameters: [
      ...parameters,
      ...(operation.idempotent === true ? [IDEMPOTENCY_KEY] : []),
      ...(operation.kind === 'stream' ? [LAST_EVENT_ID] : []),
    ],
    ...(content === undefined ? {} : { requestBody: { required: bodyRequired, content } }),
    responses: { ...success(operation, schemas), ...failures(operation, problem) },
  }
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A repeated request with the same key and body within 24 hours sends nothing again and gets the first answer.',
  schema: { type: 'string', minLength: 1, maxLength: 256 },
}

const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'Resume behind this event; without it the stream begins now.',
  schema: { type: 'string' },
}

/** A parameter; what zod says about it in words belongs to the parameter, not to its schema. */
function parameter(name: string, schema: unknown, inPath: boolean, required: boolean): Json {
  const { description, ...rest }: Json = typeof schema === 'object' && schema !== null ? { ...schema } : {}
  return {
    name,
    in: inPath ? 'path' : 'query',
    required: inPath || required,
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }
}

function bodySchema(names: readonly string[], properties: Json, required: ReadonlySet<string>): Json {
  const needed = names.filter((name) => required.has(name))
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, properties[name]])),
    ...(needed.length === 0 ? {} : { required: needed }),
    additionalProperties: false,
  }
}

function success<Services>(operation: Operation<Services>, schemas: SchemaCollection): Json {
  const description = operation.summary
  switch (operation.kind) {
    case 'json': {
      const schema = schemas.add(operation.output, 'output')
      return { [operation.status]: { description, content: { 'application/json': { schema } } } }
    }
    case 'empty':
      return { 204: { description: 'Done.' } }
    case 'bytes':
      return { 200: { description, content: { [operation.produces]: {} } } }
    case 'stream':
      return { 200: { description, content: { 'text/event-stream': { schema: { type: 'string' } } } } }
  }
}

function failures<Services>(operation: Operation<Services>, problem: Json): Json {
  const byStatus = Map.groupBy(faultsOf(operation), (code) => FAULTS[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `${code}: ${FAULTS[code].title}.`).join(' '),
        ...(status === 429 || status === 503 ? { headers: { 'Retry-After': RETRY_AFTER } } : {}),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  )
}

const RETRY_AFTER = { description: 'Seconds to wait before the next try.', schema: { type: 'integer' } }
