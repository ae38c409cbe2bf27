/**
 * Templates: mail that is written once and filled with data for each message.
 *
 * Tables owned: template, template_version, template_publication. Events: none; audit `template.*`, with hashes of what versions say.
 * Invariants: a version that was published once never changes, it is put away at most; what is active is the last row of template_publication,
 * which is only added to; what is previewed is what is sent, because both are one call of the renderer; what a version says is stored sealed.
 */
export {
  createTemplate,
  deleteTemplate,
  duplicateTemplate,
  updateTemplate,
} from './operations/change-templates.ts'
export { createVersion, deleteVersion, publishVersion, updateVersion } from './operations/change-versions.ts'
export { previewTemplate } from './operations/preview-template.ts'
export { getTemplate, getVersion, listTemplates, listVersions } from './operations/read-templates.ts'
export { templateOperations } from './template-operations.ts'
export { DialectInput, Fill, Source, Template, TemplateUse, Version } from './template.ts'
export { startTemplateUpkeep } from './template-upkeep.ts'
export { createTemplates } from './templates-service.ts'
export type {
  RenderedParts,
  RenderedTemplate,
  Templates,
  TemplatesDependencies,
} from './templates-service.ts'
