import type { Quotas } from '@bulkhead/sdk'
import type { Api } from '../../api/client.ts'

type WantedLimits = Parameters<Api['quotas']['setForApiKey']>[1]['limits']

/** What differs between API keys and SMTP credentials, for the parts that both screens use. */
export interface CredentialKind {
  readonly kind: 'api_key' | 'smtp_credential'
  readonly one: string
  readonly many: string
  /** What holds the secret: "key", "password". */
  readonly secret: string
  readonly path: '/api-keys' | '/smtp-credentials'
  readonly refresh: 'api-keys' | 'smtp-credentials'
  readonly writeScope: 'api-keys:write' | 'smtp-credentials:write'
  readonly revoke: (api: Api, id: string) => Promise<unknown>
  readonly setQuotas: (api: Api, id: string, limits: WantedLimits) => Promise<Quotas>
}

export const API_KEYS: CredentialKind = {
  kind: 'api_key',
  one: 'API key',
  many: 'API keys',
  secret: 'key',
  path: '/api-keys',
  refresh: 'api-keys',
  writeScope: 'api-keys:write',
  revoke: (api, id) => api.apiKeys.revoke(id),
  setQuotas: (api, id, limits) => api.quotas.setForApiKey(id, { limits }),
}

export const SMTP_CREDENTIALS: CredentialKind = {
  kind: 'smtp_credential',
  one: 'SMTP credential',
  many: 'SMTP credentials',
  secret: 'password',
  path: '/smtp-credentials',
  refresh: 'smtp-credentials',
  writeScope: 'smtp-credentials:write',
  revoke: (api, id) => api.smtpCredentials.revoke(id),
  setQuotas: (api, id, limits) => api.quotas.setForSmtpCredential(id, { limits }),
}
