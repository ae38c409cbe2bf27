/** How links in text look. */
export const linkLook = 'rounded text-accent underline underline-offset-2 hover:no-underline'
