interface World {
  readonly id: string
  readonly key: string
}

/** Valid requests of the operations on quotas. `made` answers the id of a thing that is made for the example. */
export function quotaExamples<Of extends World>(
  made: (world: Of, path: string, body: Record<string, unknown>) => Promise<string>,
) {
  return {
    'quotas.get': () => ({}),
    'quotas.set': () => ({ rest: { limits: [{ period: 'day', amount: 90_000 }] } }),
    'quotas.getForWorkspace': (world: Of) => ({ params: { workspaceId: world.id } }),
    'quotas.setForWorkspace': (world: Of) => ({
      params: { workspaceId: world.id },
      rest: { limits: [{ lane: 'bulk', period: 'hour', amount: 90_000, burst: 95_000 }] },
    }),
    'quotas.setForApiKey': async (world: Of) => ({
      params: { apiKeyId: await made(world, '/v1/api-keys', { name: 'one' }) },
      rest: { limits: [{ period: 'month', amount: 90_000 }] },
    }),
    'quotas.setForSmtpCredential': async (world: Of) => ({
      params: { smtpCredentialId: await made(world, '/v1/smtp-credentials', { name: 'one' }) },
      rest: { limits: [{ period: 'minute', amount: 90_000 }] },
    }),
  }
}
