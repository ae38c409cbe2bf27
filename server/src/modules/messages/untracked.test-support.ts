import type { WorkspaceLinks } from '../tracking/index.ts'

/** A workspace that tracks nothing, for tests of what else preparing does. */
export const untracked: WorkspaceLinks = {
  of: () => ({ html: (html) => html, raw: (raw) => raw, headers: [], tracked: undefined }),
  unsubscribePage: () => 'https://mail.example.net/u/x',
  again: (raw) => ({ raw, tracked: undefined }),
}
