import { getSubaccount, listSubaccounts } from './operations/read-subaccounts.ts'
import { createSubaccount, deleteSubaccount, updateSubaccount } from './operations/change-subaccounts.ts'

export const subaccountOperations = [
  createSubaccount,
  listSubaccounts,
  getSubaccount,
  updateSubaccount,
  deleteSubaccount,
]
