import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it, vi } from 'vitest'
import { FAULTS } from '../../kernel/faults.ts'
import { createHttpServer } from '../../platform/http/http-server.ts'
import { asJson, propertiesOf, type Json } from '../../platform/http/json-schema.ts'
import { faultsOf, inputPlaces, openApiOf } from '../../platform/http/openapi.ts'
import { addRoutes } from '../../platform/http/routes.ts'
import { KNOWN_SCOPE } from '../../platform/http/operation.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import {
  ACCOUNT_SCOPES,
  ALL_SCOPES,
  OPERATOR_SCOPES,
  PEOPLE_SCOPES,
  PUBLIC_SCOPE,
} from '../../security/access/scopes.ts'
import { OPENAPI_INFO } from './api-server.ts'
import { apiOperations } from './registry.ts'

// Hundreds of schemas are compiled: seconds, and on a busy machine more than the usual 30.
vi.setConfig({ testTimeout: 90_000 })

const document = openApiOf(apiOperations, OPENAPI_INFO)

/** What OpenAPI 3.1.0 §4.8 demands of the objects that this document uses, as a schema; unknown fields must begin with `x-`. */
const RULES = {
  $id: 'openapi',
  type: 'object',
  required: ['openapi', 'info', 'paths'],
  unevaluatedProperties: false,
  properties: {
    openapi: { const: '3.1.0' },
    info: {
      type: 'object',
      required: ['title', 'version'],
      properties: {
        license: { type: 'object', required: ['name'], not: { required: ['identifier', 'url'] } },
      },
    },
    servers: { type: 'array', items: { type: 'object', required: ['url'] } },
    tags: { type: 'array', items: { type: 'object', required: ['name'] } },
    paths: {
      type: 'object',
      propertyNames: { pattern: '^/' },
      additionalProperties: {
        type: 'object',
        propertyNames: { enum: ['get', 'put', 'post', 'delete', 'patch'] },
        additionalProperties: { $ref: '#/$defs/operation' },
      },
    },
    components: {
      type: 'object',
      properties: {
        securitySchemes: { type: 'object' },
        schemas: { type: 'object', propertyNames: { pattern: '^[a-zA-Z0-9._-]+$' } },
      },
      unevaluatedProperties: false,
    },
  },
  $defs: {
    operation: {
      type: 'object',
      required: ['operationId', 'responses', 'security'],
      properties: {
        operationId: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        summary: { type: 'string' },
        description: { type: 'string' },
        parameters: { type: 'array', items: { $ref: '#/$defs/parameter' } },
        requestBody: {
          type: 'object',
          required: ['content'],
          properties: { content: { $ref: '#/$defs/content' }, required: { type: 'boolean' } },
          unevaluatedProperties: false,
        },
        responses: {
          type: 'object',
          minProperties: 1,
          propertyNames: { pattern: '^([1-5](?:[0-9]{2}|XX)|default)$' },
          additionalProperties: {
            type: 'object',
            required: ['description'],
            properties: {
              description: { type: 'string' },
              headers: { type: 'object' },
              content: { $ref: '#/$defs/content' },
            },
            unevaluatedProperties: false,
          },
        },
        security: { type: 'array', items: { type: 'object' } },
      },
      patternProperties: { '^x-': true },
      unevaluatedProperties: false,
    },
    parameter: {
      type: 'object',
      required: ['name', 'in', 'schema'],
      properties: {
        name: { type: 'string' },
        in: { enum: ['query', 'path', 'header', 'cookie'] },
        required: { type: 'boolean' },
        description: { type: 'string' },
        schema: { type: 'object' },
      },
      if: { properties: { in: { const: 'path' } } },
      // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's keyword
      then: { required: ['required'], properties: { required: { const: true } } },
      unevaluatedProperties: false,
    },
    content: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^[a-z]+/[a-z0-9.+-]+(; ?[a-z]+=[a-zA-Z0-9-]+)?$' },
      additionalProperties: {
        type: 'object',
        properties: { schema: { type: 'object' } },
        unevaluatedProperties: false,
      },
    },
  },
}

function ajv(): Ajv2020 {
  const instance = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false })
  for (const format of ['date', 'date-time', 'ipv4', 'ipv6', 'email', 'uri', 'uuid'])
    instance.addFormat(format, true)
  return instance
}

function described(id: string): Json {
  const operation = apiOperations.find((candidate) => candidate.id === id)!
  return asJson(asJson(asJson(document['paths'])[operation.path])[operation.method.toLowerCase()])
}

/** The components that a schema names, and those that they name. One that is named and missing makes the compilation fail. */
function namedBy(
  schema: unknown,
  components: Record<string, unknown>,
  found = new Set<string>(),
): Set<string> {
  for (const [, name = ''] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"/]+)"/g)) {
    if (found.has(name) || components[name] === undefined) continue
    found.add(name)
    namedBy(components[name], components, found)
  }
  return found
}

describe('the OpenAPI document', () => {
  it('obeys the rules of OpenAPI 3.1', () => {
    const validate = new Ajv2020({ strict: false, allErrors: true }).compile(RULES)
    validate(document)
    expect(validate.errors ?? []).toEqual([])
  })

  it('holds only valid JSON Schemas of 2020-12, whose references all lead somewhere', () => {
    const instance = ajv()
    const schemas = [...schemasIn(document)]
    expect(schemas.length).toBeGreaterThan(apiOperations.length)
    const components = asJson(asJson(document['components'])['schemas'])
    for (const schema of schemas) {
      // References are resolved against the document's own components, as a reader of the document does.
      const inlined = JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/'))
      const $defs = Object.fromEntries(
        [...namedBy(schema, components)].map((name) => [
          name,
          JSON.parse(JSON.stringify(components[name]).replaceAll('#/components/schemas/', '#/$defs/')),
        ]),
      )
      expect(() => instance.compile({ ...inlined, $defs })).not.toThrow()
    }
  }, 180_000)

  it('describes exactly the routes that exist', () => {
    const routes = new Set<string>()
    const app = createHttpServer({
      log: createLogger({ name: 'test', level: 'error' }),
      connectionsMax: 1,
      bodyBytesMax: 1,
    })
    app.addHook('onRoute', (route) => {
      // Known paths also answer other methods, with 405; those are no operations.
      if (route.config !== undefined && 'refusesMethod' in route.config) return
      routes.add(`${String(route.method)} ${route.url.replaceAll(/:(\w+)/g, '{$1}')}`)
    })
    addRoutes(apiOperations, { app } as never)
    const inDocument = Object.entries(asJson(document['paths'])).flatMap(([path, item]) =>
      Object.keys(asJson(item)).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect([...routes].sort()).toEqual(inDocument.sort())
  })

  it('names every operation once, and every placeholder of a path as a required parameter and nowhere else', () => {
    expect(new Set(apiOperations.map((operation) => operation.id)).size).toBe(apiOperations.length)
    for (const operation of apiOperations) {
      const parameters = described(operation.id)['parameters'] as { name: string; in: string }[]
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
      expect(inPath.sort(), operation.id).toEqual([...inputPlaces(operation).path].sort())
      const names = parameters.map(({ name }) => name)
      expect(new Set(names).size, operation.id).toBe(names.length)
    }
  })

  it('keeps properties whose names are words of JSON Schema, such as id and type', () => {
    const schemas = asJson(asJson(document['components'])['schemas'])
    const entry = propertiesOf(asJson(schemas['TimelineEntry'])).properties
    expect(Object.keys(entry).sort()).toEqual(['at', 'detail', 'id', 'recipient', 'type'])
  })

  it('asks for scopes that exist, and lists every fault an operation may answer under its status', () => {
    const scopes: readonly string[] = [
      ...ALL_SCOPES,
      ...OPERATOR_SCOPES,
      ...PEOPLE_SCOPES,
      ...ACCOUNT_SCOPES,
      PUBLIC_SCOPE,
      KNOWN_SCOPE,
    ]
    for (const operation of apiOperations) {
      expect(scopes, operation.id).toContain(operation.scope)
      expect(described(operation.id)['security']).toEqual(
        operation.scope === PUBLIC_SCOPE ? [] : [{ bearer: [operation.scope] }],
      )
      const responses = asJson(described(operation.id)['responses'])
      for (const code of faultsOf(operation))
        expect(JSON.stringify(responses[FAULTS[code].status]), operation.id).toContain(`${code}: `)
    }
  })

  it('accepts the examples of a first mail and refuses a field that does not exist', () => {
    const components = asJson(asJson(document['components'])['schemas'])
    const $defs = JSON.parse(JSON.stringify(components).replaceAll('#/components/schemas/', '#/$defs/'))
    const validate = ajv().compile({ $ref: '#/$defs/SendRequest', $defs })
    const mail = { from: 'Ann <a@x.test>', to: [{ email: 'b@x.test' }, 'c@x.test'], subject: 's', text: 't' }
    expect(validate(mail)).toBe(true)
    expect(validate({ ...mail, sendat: '2026-01-31T09:00:00Z' })).toBe(false)
    expect(validate({ ...mail, to: [] })).toBe(false)
  })
})

function* schemasIn(value: unknown): Generator<Json> {
  if (Array.isArray(value)) {
    for (const item of value) yield* schemasIn(item)
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    if (key === 'schema') yield asJson(item)
    else if (key === 'schemas') for (const schema of Object.values(asJson(item))) yield asJson(schema)
    else yield* schemasIn(item)
  }
}
