import { addSuppression } from './operations/add-suppression.ts'
import { deleteSuppression } from './operations/delete-suppression.ts'
import { deleteSuppressionByEmail } from './operations/delete-suppression-by-email.ts'
import { getSuppression } from './operations/get-suppression.ts'
import { listSuppressions } from './operations/list-suppressions.ts'

export const suppressionOperations = [
  addSuppression,
  listSuppressions,
  getSuppression,
  deleteSuppression,
  deleteSuppressionByEmail,
]
