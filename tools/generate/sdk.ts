import { inputPlaces, nounOf } from '../../server/src/platform/http/openapi.ts'
import {
  asJson,
  createSchemaCollection,
  propertiesOf,
  type Json,
} from '../../server/src/platform/http/json-schema.ts'
import type { Operation } from '../../server/src/platform/http/operation.ts'
import { createTypeWriter, type TypeWriter } from './types.ts'

const HEADER = `// Made by npm run gen from the operation registry. Do not edit: change the operation and run it again.
`

interface Method {
  readonly noun: string
  readonly verb: string
  readonly text: string
}

interface Shapes {
  readonly input: Json
  readonly output: Json
}

/** The text of sdk/src/generated/operations.ts: a type for every input and output, and one typed method per operation. */
export function writeOperations<Services>(operations: readonly Operation<Services>[]): string {
  const schemas = createSchemaCollection()
  const shapes = new Map<string, Shapes>(
    operations.map((operation) => [
      operation.id,
      {
        input: schemas.add(operation.input, 'input'),
        output: operation.kind === 'json' ? schemas.add(operation.output, 'output') : {},
      },
    ]),
  )
  const components = schemas.components()
  const named = new Map<string, string>()
  const declarations: string[] = []
  const writer = createTypeWriter(named)
  const declare = (name: string, schema: Json, io: 'input' | 'output'): string => {
    const known = io === 'output' ? named.get(JSON.stringify(schema)) : undefined
    if (known !== undefined) return known
    if (typeof schema['$ref'] === 'string') return writer.expression(schema, io)
    declarations.push(writer.declaration(name, schema, io))
    if (io === 'output') named.set(JSON.stringify(schema), name)
    return name
  }
  const inputs = new Set(
    [...shapes.values()].flatMap(({ input }) =>
      [...JSON.stringify(input).matchAll(/schemas\/(\w+)/g)].map((match) => match[1]),
    ),
  )
  for (const [name, schema] of Object.entries(components)) {
    declarations.push(writer.declaration(name, asJson(schema), inputs.has(name) ? 'input' : 'output'))
  }
  // What a list holds gets the noun's own name first, so that get, create and update answer that type too.
  for (const operation of operations) {
    const item = itemOf(shapes.get(operation.id)?.output)
    if (item !== undefined) declare(itemName(operation), item, 'output')
  }
  const methods = operations.map((operation) => writeMethod(operation, shapes, operations, writer, declare))
  const body = [
    declarations.join('\n'),
    writeChoices(operations),
    '/** The operations of the API, grouped by noun. */',
    'export type Operations = ReturnType<typeof createOperations>',
    '',
    '/** Binds every operation to a transport. */',
    'export function createOperations(transport: Transport) {',
    '  return {',
    [...Map.groupBy(methods, (method) => method.noun)]
      .map(([noun, group]) => `    ${noun}: {\n${group.map((method) => method.text).join('\n')}\n    },`)
      .join('\n'),
    '  }',
    '}',
    '',
  ].join('\n')
  return [HEADER, ...writeImports(body), '', body].join('\n')
}

const IMPORTS = {
  '../event-stream.ts': ['streamEvents', 'type LiveEvent', 'type StreamOptions'],
  '../pages.ts': ['eachItem'],
  '../transport.ts': ['segment', 'type CallOptions', 'type MimeSource', 'type SendOptions', 'type Transport'],
}

/** What the body uses of the client's own modules. */
function writeImports(body: string): string[] {
  return Object.entries(IMPORTS).flatMap(([from, names]) => {
    const used = names.filter((name) => new RegExp(`\\b${name.replace('type ', '')}\\b`).test(body))
    return used.length === 0 ? [] : [`import { ${used.join(', ')} } from '${from}'`]
  })
}

function writeMethod<Services>(
  operation: Operation<Services>,
  shapes: ReadonlyMap<string, Shapes>,
  all: readonly Operation<Services>[],
  writer: TypeWriter,
  declare: (name: string, schema: Json, io: 'input' | 'output') => string,
): Method {
  const { input, output } = shapes.get(operation.id) ?? { input: {}, output: {} }
  const noun = nounOf(operation)
  const verb = operation.id.slice(noun.length + 1)
  const base = pascal(noun) + pascal(verb)
  const places = inputPlaces(operation)
  const { properties, required } = propertiesOf(resolved(input, all, shapes))
  const restNames = Object.keys(properties).filter((name) => !places.path.includes(name))
  const optional = restNames.every((name) => !required.has(name))
  const restSchema = places.path.length === 0 ? input : without(input, places.path)
  const inputType =
    restNames.length === 0 && !('$ref' in input) ? null : declare(`${base}Input`, restSchema, 'input')
  const parameters = [
    ...(places.mime ? ['mime: MimeSource'] : []),
    ...places.path.map((name) => `${name}: ${writer.expression(asJson(properties[name]), 'input')}`),
    ...(inputType === null ? [] : [`input: ${inputType}${optional && !('$ref' in input) ? ' = {}' : ''}`]),
  ]
  const path = operation.path.includes('{')
    ? `\`${operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `\${segment(${name})}`)}\``
    : `'${operation.path}'`
  const request = [
    `method: '${operation.method}'`,
    `path: ${path}`,
    ...(inputType === null ? [] : [places.rest === 'query' ? 'query: input' : 'json: input']),
    ...(places.mime ? ['mime'] : []),
    ...(operation.idempotent === true ? ['idempotent: true'] : []),
  ].join(', ')
  const options = operation.idempotent === true ? 'SendOptions' : 'CallOptions'
  const doc = documentation(operation)
  const method = (name: string, args: readonly string[], body: string): string =>
    `${doc}      ${name}: (${args.join(', ')}) =>\n        ${body},`
  const call = [...parameters, `options?: ${options}`]
  switch (operation.kind) {
    case 'stream': {
      const list = all.find((other) => other.id === `${noun}.list`)
      const item = list === undefined ? undefined : itemOf(shapes.get(list.id)?.output)
      const type = item === undefined ? 'unknown' : writer.expression(item, 'output')
      const text = method(
        verb,
        [...parameters, 'options?: StreamOptions'],
        `streamEvents<${type}>(transport, { ${request} }, options)`,
      )
      return {
        noun,
        verb,
        text: text.replace(
          'options?: StreamOptions) =>',
          `options?: StreamOptions): AsyncGenerator<LiveEvent<${type}>, void, undefined> =>`,
        ),
      }
    }
    case 'bytes':
      return { noun, verb, text: method(verb, call, `transport.bytes({ ${request} }, options)`) }
    case 'empty':
      return { noun, verb, text: method(verb, call, `transport.empty({ ${request} }, options)`) }
    case 'json': {
      const type = declare(`${base}Output`, output, 'output')
      const text = method(verb, call, `transport.json<${type}>({ ${request} }, options)`)
      const item = itemOf(output)
      if (item === undefined || !restNames.includes('cursor')) return { noun, verb, text }
      const itemType = writer.expression(item, 'output')
      const paged = request.replace('query: input', 'query: { ...input, cursor }')
      const pagedArgs = call.map((parameter) =>
        parameter.startsWith('input: ') ? `input: Omit<${inputType}, 'cursor'> = {}` : parameter,
      )
      const each = `      /** Each item of \`${verb}\`, page after page. */\n      ${verb}All: (${pagedArgs.join(', ')}) =>\n        eachItem<${itemType}>((cursor) => transport.json<${type}>({ ${paged} }, options)),`
      return { noun, verb, text: `${text}\n${each}` }
    }
  }
}

/** The values that inputs with a fixed list may take: for menus, completion and checks before a request. */
function writeChoices<Services>(operations: readonly Operation<Services>[]): string {
  const schemas = createSchemaCollection()
  const lines = operations.flatMap((operation) => {
    const { properties } = propertiesOf(schemas.resolve(schemas.add(operation.input, 'input')))
    const lists = Object.entries(properties).flatMap(([name, value]) => {
      const schema = asJson(value)
      const choices = schema['enum'] ?? asJson(schema['items'])['enum']
      return Array.isArray(choices) ? [`    ${name}: ${JSON.stringify(choices)},`] : []
    })
    return lists.length === 0 ? [] : [`  '${operation.id}': {`, ...lists, '  },']
  })
  return [
    '/** The values of inputs that have a fixed list, by operation and field. */',
    'export const CHOICES = {',
    ...lines,
    '} as const',
    '',
  ].join('\n')
}

function documentation<Services>(operation: Operation<Services>): string {
  const text = [`${operation.summary}.`, operation.description, `Scope: ${operation.scope}.`]
    .filter(Boolean)
    .join(' ')
  return `      /** ${text.replaceAll('*/', '*\\/')} */\n`
}

/** The shape of a list's items, where the schema is one of a page. */
function itemOf(schema: Json | undefined): Json | undefined {
  const { properties } = propertiesOf(schema ?? {})
  if (!('data' in properties) || !('nextCursor' in properties)) return undefined
  return asJson(asJson(properties['data'])['items'])
}

function resolved<Services>(
  schema: Json,
  all: readonly Operation<Services>[],
  shapes: ReadonlyMap<string, Shapes>,
): Json {
  if (!('$ref' in schema)) return schema
  const operation = all.find((candidate) => shapes.get(candidate.id)?.input === schema)
  if (operation === undefined) return schema
  const collection = createSchemaCollection()
  return collection.resolve(collection.add(operation.input, 'input'))
}

function without(schema: Json, names: readonly string[]): Json {
  const { properties, required } = propertiesOf(schema)
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))),
    required: [...required].filter((name) => !names.includes(name)),
  }
}

/** `domains.list` → `Domain`, `webhooks.deliveries` → `WebhookDelivery`, `inbox.list` → `InboxItem`. */
function itemName(operation: { readonly id: string }): string {
  const noun = nounOf(operation)
  const verb = operation.id.slice(noun.length + 1)
  const what = verb === 'list' ? '' : pascal(singular(verb))
  const suffix = what === '' && singular(noun) === noun ? 'Item' : what
  return `${pascal(singular(noun))}${suffix}`
}

function singular(text: string): string {
  return text.endsWith('ies') ? `${text.slice(0, -3)}y` : text.replace(/s$/, '')
}

function pascal(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
