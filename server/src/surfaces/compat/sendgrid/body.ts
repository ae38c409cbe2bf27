import { Fault } from '../../../kernel/faults.ts'
import { schemaReader } from '../schema-reader.ts'
import { refuse, vendorError } from './errors.ts'

/** Refuses with every field that is wrong, as this vendor does. */
export const { bodyOf, queryOf } = schemaReader(({ issues }) =>
  refuse(
    400,
    ...issues.map(({ path, message }) => vendorError(message, path.length === 0 ? null : path.join('.'))),
  ),
)

/** Runs work whose faults name our fields, and says theirs instead. */
export async function inTheirFields<Result>(
  names: Readonly<Record<string, string>>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault) || error.status >= 500 || error.fields.length === 0) throw error
    const errors = error.fields.map(({ field, problem }) => {
      const [first = ''] = field.split(/[.[]/, 1)
      const named = names[field] ?? names[first] ?? field
      return vendorError(`${named}: ${problem}`, named)
    })
    throw refuse(error.status === 422 ? 400 : error.status, ...errors)
  }
}
