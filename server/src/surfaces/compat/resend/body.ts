import { schemaReader } from '../schema-reader.ts'
import { invalid, missing } from './errors.ts'

/** Refuses with the first field that is wrong, as this vendor does. */
export const { bodyOf, queryOf, valueOf } = schemaReader(({ issues: [issue] }, value) => {
  if (issue === undefined || issue.path.length === 0) return invalid('The body must be a JSON object.')
  const field = issue.path.map(String).join('.')
  if (at(value, issue.path) === undefined) return missing(field)
  return invalid(`Invalid \`${field}\` field: ${issue.message}.`)
})

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (held, key) => (typeof held === 'object' && held !== null ? Reflect.get(held, key) : undefined),
    value,
  )
}
