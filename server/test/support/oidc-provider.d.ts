/** What sso-provider-process.ts uses of oidc-provider, which brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  interface Grant {
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }

  export class Provider {
    constructor(
      issuer: string,
      configuration: {
        readonly clients: readonly object[]
        readonly claims: Readonly<Record<string, readonly string[]>>
        readonly conformIdTokenClaims: boolean
        readonly pkce: { readonly required: () => boolean }
        readonly features: Readonly<Record<string, object>>
        readonly interactions: {
          readonly url: (context: unknown, interaction: { readonly uid: string }) => string
        }
        readonly findAccount: (
          context: unknown,
          id: string,
        ) => {
          readonly accountId: string
          /** `use`: 'id_token' or 'userinfo'. */
          readonly claims: (use: string) => Readonly<Record<string, unknown>>
        }
      },
    )
    readonly Grant: new (of: { readonly accountId: string; readonly clientId: string }) => Grant
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    interactionDetails(
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<{ readonly params: Readonly<Record<string, unknown>> }>
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: object,
      options: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>
  }
}
