import type { RenderProblem } from '../../platform/templates/index.ts'
import type { DeclaredVariable } from './template.ts'

type Data = Readonly<Record<string, unknown>>

/** Data with what is used where it lacks a declared name, and what of it is of another type than was declared. */
export function withVariables(
  data: Data,
  variables: readonly DeclaredVariable[],
): { readonly data: Data; readonly problems: readonly RenderProblem[] } {
  if (variables.length === 0) return { data, problems: [] }
  const filled: Record<string, unknown> = { ...data }
  const problems: RenderProblem[] = []
  for (const { name, type, fallback } of variables) {
    const value = Object.hasOwn(data, name) ? data[name] : undefined
    if (value === undefined || value === null) {
      if (fallback !== undefined) filled[name] = fallback
    } else if (typeof value !== type)
      problems.push({
        part: 'subject',
        severity: 'error',
        code: 'wrong_type',
        message: `The variable "${name}" is to be a ${type}.`,
        line: null,
        column: null,
      })
  }
  return { data: filled, problems }
}
