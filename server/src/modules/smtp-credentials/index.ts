/**
 * User names and passwords for SMTP submission.
 *
 * Tables owned: smtp_credential. Events: none; audit `smtp_credential.created`, `smtp_credential.rotated`, `smtp_credential.revoked`.
 * Invariants: both parts are generated (a chosen password is a guessed one); the password is shown once and kept as a peppered digest;
 * revoked credentials stay in the list.
 */
export { createSmtpCredentials } from './smtp-credentials-service.ts'
export type { SmtpCredentials } from './smtp-credentials-service.ts'
export { smtpCredentialOperations } from './smtp-credential-operations.ts'
