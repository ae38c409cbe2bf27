import { changePolicy } from './operations/change-policy.ts'
import { confirmPolicy } from './operations/confirm-policy.ts'
import { getPolicy } from './operations/get-policy.ts'
import { previewPolicy } from './operations/preview-policy.ts'

export const policyOperations = [getPolicy, previewPolicy, changePolicy, confirmPolicy]
