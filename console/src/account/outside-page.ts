/** The page for people who are not signed in that a path names; null where the path is one of the console's own. */
export function outsidePage(path: string): string | null {
  const [, first = '', second = ''] = path.split('/')
  if (['sign-up', 'forgot', 'recover', 'sso'].includes(first) && second === '') return first
  // Two pages have the name: the one that begins, and the one where the provider sends people back to.
  if (first === 'account' && second === 'sso') return 'sso-back'
  return first === 'account' && second !== '' ? second : null
}
