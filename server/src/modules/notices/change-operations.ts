import { approveChange, rejectChange } from './operations/decide-change.ts'
import { listChanges } from './operations/list-changes.ts'

export const changeOperations = [listChanges, approveChange, rejectChange]
