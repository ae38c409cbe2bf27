import { asJson, propertiesOf, type Json } from '../../server/src/platform/http/json-schema.ts'

/** Writes TypeScript types for JSON Schemas. `named` maps a schema's JSON to the name it is exported by. */
export interface TypeWriter {
  /** The type expression of a schema. */
  expression(schema: Json, io: 'input' | 'output'): string
  /** The declaration of a schema under a name, written out once. */
  declaration(name: string, schema: Json, io: 'input' | 'output'): string
}

export function createTypeWriter(named: ReadonlyMap<string, string>): TypeWriter {
  const expression = (schema: Json, io: 'input' | 'output'): string =>
    named.get(JSON.stringify(schema)) ?? writtenOut(schema, io)

  const writtenOut = (schema: Json, io: 'input' | 'output'): string => {
    const reference = schema['$ref']
    if (typeof reference === 'string') return reference.split('/').at(-1) ?? 'unknown'
    if ('const' in schema) return JSON.stringify(schema['const'])
    if (Array.isArray(schema['enum'])) return union(schema['enum'].map((item) => JSON.stringify(item)))
    const options = schema['anyOf'] ?? schema['oneOf']
    if (Array.isArray(options)) return union(options.map((option) => expression(asJson(option), io)))
    const types = Array.isArray(schema['type']) ? schema['type'] : [schema['type']]
    return union(types.map((type) => ofType(type, schema, io)))
  }

  const ofType = (type: unknown, schema: Json, io: 'input' | 'output'): string => {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type
      case 'integer':
      case 'number':
        return 'number'
      case 'array': {
        const item = expression(asJson(schema['items']), io)
        return `readonly ${/^[\w.]+$/.test(item) ? item : `(${item})`}[]`
      }
      case 'object':
        return object(schema, io)
      default:
        return 'unknown'
    }
  }

  const object = (schema: Json, io: 'input' | 'output'): string => {
    const { properties, required } = propertiesOf(schema)
    const names = Object.keys(properties)
    if (names.length === 0) return record(schema, io)
    const lines = names.map((name) => {
      const property = asJson(properties[name])
      const mark = required.has(name) ? '' : '?'
      // Callers may pass a value that may be undefined; JSON leaves it out.
      const missing = mark === '?' && io === 'input' ? ' | undefined' : ''
      const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
      return `${comment(describe(property))}  readonly ${key}${mark}: ${indent(expression(property, io))}${missing}`
    })
    return `{\n${lines.join('\n')}\n}`
  }

  const record = (schema: Json, io: 'input' | 'output'): string => {
    const value = schema['additionalProperties']
    if (value === undefined || value === false) return 'Readonly<Record<string, never>>'
    const keys = asJson(schema['propertyNames'])
    const values = value === true ? 'unknown' : expression(asJson(value), io)
    return Array.isArray(keys['enum'])
      ? `Readonly<Partial<Record<${expression(keys, io)}, ${values}>>>`
      : `Readonly<Record<string, ${values}>>`
  }

  return {
    expression,
    declaration(name, schema, io) {
      const text = writtenOut(schema, io)
      const doc = comment(describe(schema), '')
      return text.startsWith('{') && schema['type'] === 'object'
        ? `${doc}export interface ${name} ${text}\n`
        : `${doc}export type ${name} = ${text}\n`
    },
  }
}

function union(parts: readonly string[]): string {
  return [...new Set(parts)].join(' | ')
}

/** What is worth saying of a value beyond its type: the words of the contract, its default and its limits. */
export function describe(schema: Json): string {
  const words = typeof schema['description'] === 'string' ? [schema['description']] : []
  if (schema['default'] !== undefined) words.push(`Default: ${JSON.stringify(schema['default'])}.`)
  return words.join(' ')
}

function comment(text: string, margin = '  '): string {
  return text === '' ? '' : `${margin}/** ${text.replaceAll('*/', '*\\/')} */\n`
}

function indent(text: string): string {
  return text.replaceAll('\n', '\n  ')
}
