import type { DoorName } from '../../../kernel/doors.ts'
import { translateMcHeaders } from '../mandrill/mc-headers.ts'
import type { Fault } from '../../../kernel/faults.ts'
import { translateResendHeaders } from '../resend/smtp-headers.ts'
import { SENDER_REFUSED } from '../sendgrid/mail-faults.ts'
import { translateSmtpApi } from '../sendgrid/smtpapi.ts'
import type { Translate } from './translation.ts'

/** What the headers of vendors mean in mail that comes by SMTP with a key of theirs. */
export const submissionTranslations: Partial<Record<DoorName, Translate>> = {
  sendgrid: translateSmtpApi,
  mandrill: translateMcHeaders,
  resend: translateResendHeaders,
}

/** What vendors say over SMTP that programs look for. */
export const submissionWords: Partial<Record<DoorName, (fault: Fault) => string | undefined>> = {
  sendgrid: ({ code }) => (code === 'sender_refused' ? SENDER_REFUSED : undefined),
}
