import { FAULTS } from '../../server/src/kernel/faults.ts'
import {
  asJson,
  createSchemaCollection,
  propertiesOf,
  type Json,
} from '../../server/src/platform/http/json-schema.ts'
import { faultsOf, inputPlaces, nounOf } from '../../server/src/platform/http/openapi.ts'
import type { Operation } from '../../server/src/platform/http/operation.ts'
import { describe } from './types.ts'

/** The text of docs/reference/api.md: each operation with what it takes, what it answers and what can go wrong. */
export function writeApiReference<Services>(
  operations: readonly Operation<Services>[],
  page: { readonly title: string; readonly words: string },
): string {
  const schemas = createSchemaCollection()
  const sections = [...Map.groupBy(operations, nounOf)].map(([noun, group]) =>
    [`## ${noun}`, ...group.map((operation) => writeOperation(operation, schemas))].join('\n\n'),
  )
  const shared = Object.entries(schemas.components()).map(([name, schema]) =>
    [`### ${name}`, ...words(asJson(schema)), fieldTable(asJson(schema))].join('\n\n'),
  )
  return `${[
    '<!-- Made by npm run gen from the operation registry. Do not edit. -->',
    `# ${page.title}`,
    `${page.words} Times are ISO 8601; answers are in UTC. Lists answer \`data\` and \`nextCursor\`: give it as \`cursor\` to get the next page. The same contract as OpenAPI 3.1 is served at \`/v1/openapi.json\`.`,
    overview(operations),
    ...sections,
    '## Shared shapes',
    ...shared,
    '## Errors',
    'Every error is `application/problem+json` (RFC 9457) with `code`, `detail`, the fields in `errors`, and `requestId`. Codes that may succeed when the same request is sent again are marked; a `Retry-After` header says when.',
    errorTable(),
  ].join('\n\n')}\n`
}

function overview<Services>(operations: readonly Operation<Services>[]): string {
  const rows = operations.map(
    (operation) =>
      `| [\`${operation.id}\`](#${anchor(operation.id)}) | \`${operation.method} ${operation.path}\` | ${operation.summary} |`,
  )
  return ['| Operation | Request | What it does |', '|---|---|---|', ...rows].join('\n')
}

function writeOperation<Services>(
  operation: Operation<Services>,
  schemas: ReturnType<typeof createSchemaCollection>,
): string {
  const input = schemas.resolve(schemas.add(operation.input, 'input'))
  const places = inputPlaces(operation)
  const { properties } = propertiesOf(input)
  const inPath = Object.keys(properties).filter((name) => places.path.includes(name))
  const rest = Object.keys(properties).filter((name) => !places.path.includes(name))
  const part = (names: readonly string[]): Json => ({
    ...input,
    properties: Object.fromEntries(names.map((name) => [name, properties[name]])),
  })
  const parts = [
    `### ${operation.id}`,
    `${operation.summary}.${operation.description === undefined ? '' : ` ${operation.description}`}`,
    `\`${operation.method} ${operation.path}\` · scope \`${operation.scope}\`${operation.idempotent === true ? ' · takes `Idempotency-Key`' : ''}${operation.kind === 'stream' ? ' · takes `Last-Event-ID`' : ''}`,
  ]
  if (inPath.length > 0) parts.push('In the path:', fieldTable(part(inPath)))
  if (places.mime) parts.push('Body: the message as `message/rfc822`.')
  if (rest.length > 0)
    parts.push(places.rest === 'query' ? 'In the query:' : 'Body (JSON):', fieldTable(part(rest)))
  parts.push(...writeAnswer(operation, schemas))
  parts.push(
    `Errors: ${faultsOf(operation)
      .map((code) => `\`${code}\` (${FAULTS[code].status})`)
      .join(', ')}.`,
  )
  return parts.join('\n\n')
}

function writeAnswer<Services>(
  operation: Operation<Services>,
  schemas: ReturnType<typeof createSchemaCollection>,
): string[] {
  switch (operation.kind) {
    case 'json': {
      const output = schemas.add(operation.output, 'output')
      if (typeof output['$ref'] === 'string') return [`Answers ${operation.status} with ${typeText(output)}.`]
      return [`Answers ${operation.status}:`, fieldTable(output)]
    }
    case 'empty':
      return ['Answers 204 without a body.']
    case 'bytes':
      return [`Answers 200 with \`${operation.produces}\`.`]
    case 'stream':
      return [
        'Answers 200 with `text/event-stream`: `id`, `event` (the type) and `data` (JSON) of each event, as it is committed. A comment every 15 s keeps the connection awake.',
      ]
  }
}

/** The fields of an object, nested ones by their path: `recipients[].state`. */
function fieldTable(schema: Json): string {
  const rows = fieldRows(schema, '')
  if (rows.length === 0) return `${typeText(schema)}.`
  return ['| Field | Type | Meaning |', '|---|---|---|', ...rows].join('\n')
}

function fieldRows(schema: Json, prefix: string): string[] {
  const { properties, required } = propertiesOf(schema)
  return Object.entries(properties).flatMap(([name, value]) => {
    const property = asJson(value)
    const path = `${prefix}${name}`
    const needed = required.has(name) ? '' : ' *(optional)*'
    const row = `| \`${path}\`${needed} | ${cell(typeText(property))} | ${cell([describe(property), limits(property)].filter(Boolean).join(' '))} |`
    const nested = innerObject(property)
    return [row, ...(nested === null ? [] : fieldRows(nested.schema, `${path}${nested.suffix}.`))]
  })
}

function innerObject(schema: Json): { readonly schema: Json; readonly suffix: string } | null {
  const options = Array.isArray(schema['anyOf']) ? schema['anyOf'].map(asJson) : [schema]
  for (const option of options) {
    const items = asJson(option['items'])
    if (option['type'] === 'object' && 'properties' in option) return { schema: option, suffix: '' }
    if (items['type'] === 'object' && 'properties' in items) return { schema: items, suffix: '[]' }
  }
  return null
}

function typeText(schema: Json): string {
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? ''
    return `[${name}](#${anchor(name)})`
  }
  if (Array.isArray(schema['enum'])) return schema['enum'].map((item) => `\`${String(item)}\``).join(', ')
  if (Array.isArray(schema['anyOf']))
    return [...new Set(schema['anyOf'].map((option) => typeText(asJson(option))))].join(' or ')
  if (schema['type'] === 'array') return `list of ${typeText(asJson(schema['items']))}`
  if (schema['format'] === 'date-time') return 'time'
  if (schema['type'] === 'integer') return 'whole number'
  return typeof schema['type'] === 'string' ? schema['type'] : 'any'
}

function limits(schema: Json): string {
  const pairs: [string, (value: unknown) => string][] = [
    ['minimum', (value) => `at least ${String(value)}`],
    ['maximum', (value) => `at most ${String(value)}`],
    ['maxLength', (value) => `at most ${Number(value).toLocaleString('en')} characters`],
    ['maxItems', (value) => `at most ${Number(value).toLocaleString('en')} items`],
  ]
  const parts = pairs.filter(([name]) => schema[name] !== undefined).map(([name, say]) => say(schema[name]))
  const text = parts.join(', ')
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function words(schema: Json): string[] {
  const text = describe(schema)
  return text === '' ? [] : [text]
}

function errorTable(): string {
  const rows = Object.entries(FAULTS).map(
    ([code, fault]) =>
      `| \`${code}\` | ${fault.status} | ${fault.title}. | ${fault.retryable ? 'yes' : 'no'} |`,
  )
  return ['| Code | Status | Meaning | Try again? |', '|---|---|---|---|', ...rows].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;')
}

/** The anchor that Markdown renderers make of a heading. */
function anchor(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}
