import {
  createTemplate,
  deleteTemplate,
  duplicateTemplate,
  restoreTemplate,
  updateTemplate,
} from './operations/change-templates.ts'
import { createVersion, deleteVersion, publishVersion, updateVersion } from './operations/change-versions.ts'
import { previewTemplate } from './operations/preview-template.ts'
import { getTemplate, getVersion, listTemplates, listVersions } from './operations/read-templates.ts'

export const templateOperations = [
  createTemplate,
  listTemplates,
  previewTemplate,
  getTemplate,
  updateTemplate,
  deleteTemplate,
  restoreTemplate,
  duplicateTemplate,
  createVersion,
  listVersions,
  getVersion,
  updateVersion,
  deleteVersion,
  publishVersion,
]
