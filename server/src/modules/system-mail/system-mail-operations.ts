import { getSystemMail } from './operations/get-system-mail.ts'
import { testSystemMail } from './operations/test-system-mail.ts'

export const systemMailOperations = [getSystemMail, testSystemMail]
