/**
 * Rendering of templates in processes that can be killed: Liquid and the languages of other vendors. In HTML what the data holds is escaped. A
 * template reads nothing but the data it is given. A hostile one ends with its process, after less than a second, and takes nobody else's along.
 */
export { fillEditable } from './editable.ts'
export { DIALECTS, RENDER_LIMITS, RENDERED_PARTS } from './job.ts'
export type { Dialect, Editable, RenderJob, RenderProblem, RenderResult } from './job.ts'
export { createTemplateRenderer, type TemplateRenderer } from './renderer.ts'
export { UNSUBSCRIBE_PLACEHOLDER } from './unsubscribe-link.ts'
