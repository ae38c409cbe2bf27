import { z } from 'zod'

export type Json = Record<string, unknown>

const COMPONENTS = '#/components/schemas/'

/** Gathers the schemas that operations share. A schema named by `.meta({ id })` becomes a component; the rest stays where it is used. */
export interface SchemaCollection {
  /**
   * The schema as JSON Schema 2020-12, or a reference where it has a name.
   * @throws Error when one name stands for two shapes: input and output of a schema with defaults need a name each.
   */
  add(schema: z.ZodType, io: 'input' | 'output'): Json
  /** The schema behind a reference; any other schema is answered as it is. */
  resolve(schema: Json): Json
  /** All named schemas, by name. */
  components(): Json
}

export function createSchemaCollection(): SchemaCollection {
  const components = new Map<string, Json>()
  return {
    add(schema, io) {
      // Inside a wrapper a named root is referenced like any other; alone it would be written out without its name.
      const whole = z.toJSONSchema(z.object({ root: schema }), {
        io,
        unrepresentable: 'any',
        target: 'draft-2020-12',
        reused: 'inline',
        override: ({ jsonSchema }) => tidy(jsonSchema, io),
      })
      for (const [name, definition] of Object.entries(whole.$defs ?? {})) {
        const next = asJson(rebase(definition))
        const known = components.get(name)
        if (known !== undefined && JSON.stringify(known) !== JSON.stringify(next)) {
          throw new Error(`The schema name ${name} stands for two shapes: give each its own name.`)
        }
        components.set(name, next)
      }
      return asJson(rebase(whole.properties?.['root']))
    },
    resolve(schema) {
      const reference = schema['$ref']
      if (typeof reference !== 'string') return schema
      return components.get(reference.replace(COMPONENTS, '')) ?? {}
    },
    components: () => Object.fromEntries([...components].sort(([left], [right]) => (left < right ? -1 : 1))),
  }
}

/** `id` is our name for the component, not JSON Schema's. Answers may grow: a client must not refuse a field it does not know. */
function tidy(schema: z.core.JSONSchema.BaseSchema, io: 'input' | 'output'): void {
  if (typeof schema.id === 'string') delete schema.id
  // The format says it, in a form that people and code generators read.
  if (schema.format !== undefined) delete schema.pattern
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties
}

/** zod points into `#/$defs`; OpenAPI keeps shared schemas under `#/components/schemas`. */
function rebase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rebase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === '$ref' && typeof item === 'string' ? item.replace('#/$defs/', COMPONENTS) : rebase(item),
    ]),
  )
}

/** An object's entries as a record; anything else is the empty record. */
export function asJson(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/** The named properties of an object schema and which of them are required. */
export function propertiesOf(schema: Json): {
  readonly properties: Json
  readonly required: ReadonlySet<string>
} {
  const required = schema['required']
  return {
    properties: asJson(schema['properties']),
    required: new Set(Array.isArray(required) ? required.filter((name) => typeof name === 'string') : []),
  }
}
