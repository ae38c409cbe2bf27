import { IconButton } from './button.tsx'
import { DesktopIcon, MoonIcon, PhoneIcon } from './icons.tsx'

interface Shown {
  readonly width?: 'phone'
  readonly scheme?: 'dark'
}

/** How the HTML of a mail is shown: as wide as a phone, as in dark mode. Both stand in the address. */
export function PreviewSwitches({
  shown: { width, scheme },
  onChange,
}: {
  readonly shown: Shown
  readonly onChange: (shown: Shown) => void
}) {
  const withWidth = width === undefined ? {} : { width }
  const withScheme = scheme === undefined ? {} : { scheme }
  return (
    <div className="ml-auto flex items-center pb-0.5">
      <IconButton
        label="Show it as a client in dark mode asks for"
        aria-pressed={scheme === 'dark'}
        onClick={() => onChange({ ...withWidth, ...(scheme === 'dark' ? {} : { scheme: 'dark' }) })}
      >
        <MoonIcon />
      </IconButton>
      <span className="mx-1 h-5 w-px bg-line max-sm:hidden" />
      <IconButton
        label="As wide as a phone"
        aria-pressed={width === 'phone'}
        onClick={() => onChange({ ...withScheme, width: 'phone' })}
        className="max-sm:hidden"
      >
        <PhoneIcon />
      </IconButton>
      <IconButton
        label="As wide as the window"
        aria-pressed={width === undefined}
        onClick={() => onChange(withScheme)}
        className="max-sm:hidden"
      >
        <DesktopIcon />
      </IconButton>
    </div>
  )
}
