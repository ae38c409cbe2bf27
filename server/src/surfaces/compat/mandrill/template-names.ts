const SLUG_CHARS_MAX = 64

/** The slug of a name, which is the alias of a template here: `Order shipped!` is `order-shipped`. */
export function slugOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
  return trimmed(trimmed(plain).slice(0, SLUG_CHARS_MAX))
}

function trimmed(text: string): string {
  return text.replaceAll(/^[._-]+|[._-]+$/g, '')
}

/** What names a template of ours: its slug, its name as it was given to `templates/add`, or our own id. */
export function referenceOf(name: string): string {
  if (/^tpl_[0-9a-z]{26}$/.test(name)) return name
  const slug = slugOf(name)
  // What has no letter is no name of a template; it is asked for all the same, and not found.
  return slug === '' ? '-' : slug
}
