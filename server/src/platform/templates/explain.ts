import type { Asked, Remark } from './dialect.ts'
import type { RenderedPart, RenderProblem, RenderVariable } from './job.ts'
import type { Position } from './position.ts'

/** What the parts ask of the data, and what of that it does not hold. Warnings stand where a missing variable prints as nothing. */
export function explainVariables(
  parts: readonly { readonly part: RenderedPart; readonly asked: readonly Asked[] }[],
  isHeld: (path: readonly (string | number)[]) => boolean,
): { readonly variables: RenderVariable[]; readonly problems: RenderProblem[] } {
  const variables = new Map<string, { parts: Set<RenderedPart>; isMissing: boolean }>()
  const problems: RenderProblem[] = []
  for (const { part, asked: all } of parts) {
    for (const asked of all) {
      const isMissing = !isHeld(asked.path)
      const known = variables.get(asked.name) ?? { parts: new Set(), isMissing }
      known.parts.add(part)
      variables.set(asked.name, known)
      if (!isMissing || asked.isExcused) continue
      problems.push({
        part,
        severity: 'warning',
        code: 'missing_variable',
        message: `The data holds no "${asked.name}"; it prints as nothing.`,
        line: asked.line,
        column: asked.column,
      })
    }
  }
  return {
    variables: [...variables]
      .map(([name, { parts: used, isMissing }]) => ({ name, parts: [...used], isMissing }))
      .sort((left, right) => (left.name < right.name ? -1 : 1)),
    problems,
  }
}

/** A path as it is written. */
export function nameOf(path: readonly (string | number)[]): string {
  return path
    .map((part, position) => {
      if (typeof part === 'number' || /^\d+$/.test(part)) return `[${part}]`
      return position === 0 ? part : `.${part}`
    })
    .join('')
}

/** How far before an output its attribute can begin. */
const LOOK_BACK = 500

/** Whether what is printed there could leave its attribute: `<a href={{ url }}>`. */
export function isUnquoted(source: string, at: number): boolean {
  const before = source.slice(Math.max(0, at - LOOK_BACK), at)
  return before.lastIndexOf('<') > before.lastIndexOf('>') && /[\w-]\s*=\s*$/.test(before.slice(-80))
}

/** The remark on such a place. */
export function unquotedAt(position: Position): Remark {
  return {
    code: 'unquoted_attribute',
    message: 'What is printed here can end its attribute at a blank: put quotes around it.',
    ...position,
  }
}
