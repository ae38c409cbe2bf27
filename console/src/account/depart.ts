import type { Api } from '../api/client.ts'

/** What ends a log-in, in this tab only. */
export const VERIFIER = 'bulkhead.sso'
/** Of a test that a terminal has begun. Never of a log-in: a link can bring it, so what it ends opens nothing here. */
export const TEST_VERIFIER = 'bulkhead.sso-test'

/** Leaves for the provider of a workspace. What ends the log-in later stays in this tab. */
export async function departFor(
  api: Api,
  wanted: { readonly email: string } | { readonly workspaceId: string; readonly fresh: true },
): Promise<void> {
  const { url, verifier } = await api.sso.start(wanted)
  const scheme = URL.parse(url)?.protocol
  // The provider's own words say where its log-in is: they lead to a page, and are never a script.
  if (scheme !== 'https:' && scheme !== 'http:')
    throw new Error('The provider names an address that is no page. Tell an owner of the workspace.')
  sessionStorage.removeItem(TEST_VERIFIER)
  sessionStorage.setItem(VERIFIER, verifier)
  location.assign(url)
}
