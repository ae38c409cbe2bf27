import { useEffect, useState } from 'react'

export type Theme = 'light' | 'dark'

const NAME = 'bulkhead.theme'
const DARK = '(prefers-color-scheme: dark)'

/** The theme that is shown, and a switch. The choice is kept; without one the system's preference holds and is followed. */
export function useTheme(): { readonly theme: Theme; readonly toggle: () => void } {
  const [theme, setTheme] = useState<Theme>(current)
  useEffect(() => {
    const media = matchMedia(DARK)
    const follow = (): void => setTheme(current())
    media.addEventListener('change', follow)
    return () => media.removeEventListener('change', follow)
  }, [])
  const toggle = (): void => {
    const next = theme === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset['theme'] = next
    try {
      localStorage.setItem(NAME, next)
    } catch {
      // Storage may be denied; the choice then lives until the page is reloaded.
    }
    setTheme(next)
  }
  return { theme, toggle }
}

function current(): Theme {
  const chosen = document.documentElement.dataset['theme']
  if (chosen === 'dark' || chosen === 'light') return chosen
  return matchMedia(DARK).matches ? 'dark' : 'light'
}
