import { addPasskey } from './operations/add-passkey.ts'
import { beginPasskey } from './operations/begin-passkey.ts'
import { beginTotp } from './operations/begin-totp.ts'
import { confirmTotp } from './operations/confirm-totp.ts'
import { listFactors } from './operations/list-factors.ts'
import { makeRecoveryCodes } from './operations/make-recovery-codes.ts'
import { removeFactor } from './operations/remove-factor.ts'

export const factorOperations = [
  listFactors,
  beginPasskey,
  addPasskey,
  beginTotp,
  confirmTotp,
  makeRecoveryCodes,
  removeFactor,
]
