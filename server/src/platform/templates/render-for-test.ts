import { RENDER_LIMITS } from './job.ts'
import type { Dialect, RenderJob, RenderProblem, RenderResult } from './job.ts'
import { createRender } from './render.ts'

const renderJob = createRender(RENDER_LIMITS)

/** Renders in one dialect, for tests. */
export function renderWith(dialect: Dialect) {
  function render(parts: Partial<Omit<RenderJob, 'data'>>, data: unknown = {}): RenderResult {
    return renderJob({
      dialect,
      subject: '',
      html: null,
      text: null,
      editable: [],
      strict: false,
      explain: false,
      ...parts,
      data: JSON.stringify(data),
    })
  }

  function one(part: 'html' | 'text' | 'subject') {
    return (source: string, data: unknown = {}): string => {
      const { problems, [part]: printed } = render({ [part]: source }, data)
      if (printed === null) throw new Error(problems.map(({ message }) => message).join('\n'))
      return printed
    }
  }

  return {
    render,
    html: one('html'),
    text: one('text'),
    subject: one('subject'),
    /** The first error of an HTML part. */
    errorIn: (source: string, data: unknown = {}): RenderProblem | undefined =>
      render({ html: source }, data).problems.find(({ severity }) => severity === 'error'),
  }
}
