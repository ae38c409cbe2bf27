import { completeReset } from './operations/complete-reset.ts'
import { completeSignUp } from './operations/complete-sign-up.ts'
import { completeFirstRun, getFirstRun } from './operations/first-run.ts'
import { confirmEmail, undoEmail } from './operations/email-links.ts'
import {
  cancelOwnRecovery,
  changeEmail,
  deleteAccount,
  getAccount,
  setPassword,
  undoOwnEmail,
  updateAccount,
} from './operations/own-account.ts'
import {
  approveRecoveryAsOperator,
  disablePerson,
  enablePerson,
  findPerson,
  listAllRecoveries,
  listPeople,
  signOutPerson,
} from './operations/people.ts'
import { approveRecovery, listRecoveries, refuseRecovery } from './operations/recoveries.ts'
import { cancelRecovery, completeRecovery, confirmRecovery } from './operations/recovery-links.ts'
import { requestRecovery } from './operations/request-recovery.ts'
import { requestReset } from './operations/request-reset.ts'
import { signUp } from './operations/sign-up.ts'

export const accountOperations = [
  getFirstRun,
  completeFirstRun,
  signUp,
  completeSignUp,
  requestReset,
  completeReset,
  confirmEmail,
  undoEmail,
  requestRecovery,
  confirmRecovery,
  cancelRecovery,
  completeRecovery,
  getAccount,
  updateAccount,
  deleteAccount,
  setPassword,
  changeEmail,
  undoOwnEmail,
  cancelOwnRecovery,
  listRecoveries,
  approveRecovery,
  refuseRecovery,
  listPeople,
  findPerson,
  disablePerson,
  enablePerson,
  signOutPerson,
  listAllRecoveries,
  approveRecoveryAsOperator,
]
