import { addSuppression } from './operations/add-suppression.ts'
import { deleteSuppression } from './operations/delete-suppression.ts'
import { deleteSuppressionByEmail } from './operations/delete-suppression-by-email.ts'
import { explainSuppression } from './operations/explain-suppression.ts'
import { exportSuppressions } from './operations/export-suppressions.ts'
import { getSuppression } from './operations/get-suppression.ts'
import {
  addImportLines,
  cancelImport,
  getImport,
  listImportRefusals,
  listImports,
  startImport,
} from './operations/import-suppressions.ts'
import { addExemption, deleteExemption, listExemptions } from './operations/exemptions.ts'
import { listSuppressions } from './operations/list-suppressions.ts'
import { updateSuppression } from './operations/update-suppression.ts'
import { withdrawSuppressions } from './operations/withdraw-suppressions.ts'

export const suppressionOperations = [
  addSuppression,
  listSuppressions,
  explainSuppression,
  exportSuppressions,
  getSuppression,
  updateSuppression,
  deleteSuppression,
  deleteSuppressionByEmail,
  withdrawSuppressions,
  addExemption,
  listExemptions,
  deleteExemption,
  startImport,
  addImportLines,
  listImports,
  getImport,
  listImportRefusals,
  cancelImport,
]
